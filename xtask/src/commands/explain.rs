//! `explain`: where each field of an object came from, and what it overrode.

use anyhow::{Context as _, Result, bail};

use super::{Context, Verdict, context::print};
use crate::{
    diag::{Severity, did_you_mean},
    kustomize::Build,
    repository::{Built, Overlay, build_all, overlays, select},
    resource::Resource,
    yaml::{FieldPath, Missing, PathStep},
};

mod line;
mod show;

/// Show which line of which file set a field, and what it overrode
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask explain prod deployment/web
  cargo xtask explain prod deployment/web spec.replicas
  cargo xtask explain prod deployment/web 'spec.template.spec.containers[name=web].image'
  cargo xtask explain prod ingress/web 'metadata.annotations[\"cert-manager.io/issuer\"]'
  cargo xtask explain --file base/web/deployment.yaml.j2:21")]
pub(super) struct Args {
    /// The environment
    #[arg(required_unless_present = "file")]
    env: Option<String>,
    /// The object, in any case; a generated name may be given without its hash
    #[arg(value_name = "KIND/NAME", required_unless_present = "file", conflicts_with = "file")]
    object: Option<String>,
    /// The field; without it, all of them
    #[arg(conflicts_with = "file")]
    field: Option<String>,
    /// List the fields that a line sets, in every environment or in the one that is named; a
    /// column may follow the line, as in a message
    #[arg(long, value_name = "FILE:LINE")]
    file: Option<String>,
    /// The application, where several have such an object
    #[arg(long)]
    app: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let all = overlays(&context.root).context("failed to list overlays/")?;
    let selected = choose(args, all)?;
    match (&args.file, &args.env, &args.object) {
        (Some(file), ..) => line::run(file, selected, context),
        (None, Some(env), Some(object)) => field(args, env, object, selected, context),
        // The parser of the arguments asks for both.
        _ => bail!("name an environment and an object, or a line with --file"),
    }
}

/// The overlays of the environment and the application that the arguments name.
fn choose(args: &Args, all: Vec<Overlay>) -> Result<Vec<Overlay>> {
    let mut selected = select(all, args.env.as_slice())?;
    if let Some(app) = &args.app {
        let apps: Vec<String> = selected.iter().map(|overlay| overlay.app.clone()).collect();
        selected.retain(|overlay| overlay.app == *app);
        if selected.is_empty() {
            let hint = did_you_mean(app, apps.iter().map(String::as_str))
                .unwrap_or_else(|| format!("there are: {}", apps.join(", ")));
            let env = args.env.as_ref().map(|env| format!("/{env}")).unwrap_or_default();
            bail!("there is no application `{app}` in overlays{env}; {hint}");
        }
    }
    Ok(selected)
}

/// Shows the history of a field, or of all fields of an object.
fn field(
    args: &Args,
    env: &str,
    object: &str,
    selected: Vec<Overlay>,
    context: &Context,
) -> Result<Verdict> {
    let (kind, name) = object
        .split_once('/')
        .filter(|(kind, name)| !kind.is_empty() && !name.is_empty())
        .with_context(|| format!("`{object}` is not KIND/NAME: deployment/web"))?;
    let path: FieldPath = match &args.field {
        Some(field) => field.parse().with_context(|| format!("`{field}` is not a field"))?,
        None => FieldPath::root(),
    };
    let built = build_all(&context.root, selected, |built| built);
    if let Some(failed) = show_errors(&built, context) {
        return Ok(failed);
    }
    let (overlay, build, resource) = find(&built, kind, name, env)?;
    let trail = path.trail(&resource.node).map_err(|missing| no_field(&missing, resource))?;
    let view = show::View {
        origins: &build.origins,
        sources: &overlay.sources,
        secret: resource.is_secret(),
        trail,
        path: &path,
    };
    print(&view.text(context.format))?;
    Ok(Verdict::Clean)
}

/// Shows what is wrong, if that keeps anything from being built. A warning of the build is not
/// what was asked about.
pub(super) fn show_errors(built: &[Built], context: &Context) -> Option<Verdict> {
    let mut report = context.report();
    for one in built {
        report.add(&one.diagnostics, &one.sources);
    }
    (report.worst() == Some(Severity::Error)).then(|| context.show(&report))
}

/// The one object of this kind and name, and the overlay that it is in.
fn find<'a>(
    built: &'a [Built],
    kind: &str,
    name: &str,
    env: &str,
) -> Result<(&'a Built, &'a Build, &'a Resource)> {
    let all = || {
        built.iter().filter_map(|one| Some((one, one.build.as_ref()?))).flat_map(|(one, build)| {
            build.resources.iter().map(move |resource| (one, build, resource))
        })
    };
    let matching = |fits: &dyn Fn(&str) -> bool| {
        let found = all().filter(|(_, _, resource)| {
            let id = resource.id();
            id.gvk.kind.eq_ignore_ascii_case(kind) && fits(&id.name)
        });
        found.collect::<Vec<_>>()
    };
    let mut found = matching(&|candidate| candidate == name);
    if found.is_empty() {
        found = matching(&|candidate| is_hashed(candidate, name));
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let known: Vec<String> = all()
                .map(|(_, _, resource)| {
                    format!("{}/{}", resource.id().gvk.kind.to_lowercase(), resource.id().name)
                })
                .collect();
            let wanted = format!("{kind}/{name}");
            let hint = did_you_mean(&wanted, known.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| format!("there are: {}", listed(&known)));
            bail!("there is no `{wanted}` in overlays/{env}; {hint}")
        }
        [(first, ..), rest @ ..] => {
            if rest.iter().all(|(one, ..)| one.overlay == first.overlay) {
                let ids: Vec<_> = found.iter().map(|(.., one)| one.id().to_string()).collect();
                bail!("{} has several `{kind}/{name}`: {}", first.overlay.path, ids.join(", "));
            }
            let mut apps: Vec<&str> = found.iter().map(|(one, ..)| &*one.overlay.app).collect();
            apps.dedup();
            let example = apps.first().copied().unwrap_or_default();
            bail!(
                "several applications of overlays/{env} have `{kind}/{name}`: {}; choose one \
                 with --app {example}",
                apps.join(", ")
            )
        }
    }
}

/// Whether `candidate` is `name` with the hash that a generator appends.
fn is_hashed(candidate: &str, name: &str) -> bool {
    let hash = candidate.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    hash.is_some_and(|hash| hash.len() == 10 && hash.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn no_field(missing: &Missing, resource: &Resource) -> anyhow::Error {
    let id = resource.id();
    let parent = missing.parent.to_string();
    let object = format!("{}/{}", id.gvk.kind.to_lowercase(), id.name);
    let place = if parent.is_empty() { object } else { format!("`{parent}` of {object}") };
    let step = missing.step.to_string();
    let field = match &missing.step {
        PathStep::Key(_) => "field",
        PathStep::Index(_) | PathStep::Item { .. } => "item",
    };
    let choices: Vec<String> = missing.choices.iter().map(ToString::to_string).collect();
    let hint = did_you_mean(&step, choices.iter().map(String::as_str));
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    let known = match choices.as_slice() {
        [] => format!("it is {}", missing.found),
        choices => format!("it has: {}", listed(choices)),
    };
    anyhow::anyhow!("there is no {field} `{step}` in {place}{hint}\n  {known}")
}

/// The first names of a long list.
fn listed(names: &[String]) -> String {
    const MAX: usize = 40;
    let shown = names.iter().take(MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_may_be_given_without_its_hash() {
        assert!(is_hashed("web-config-9m8h7k2tbf", "web-config"));
        assert!(!is_hashed("web-config-9m8h7k2tbf", "web"));
        assert!(!is_hashed("web-config", "web-config"));
        assert!(!is_hashed("web-config-extra", "web-config"));
    }
}
