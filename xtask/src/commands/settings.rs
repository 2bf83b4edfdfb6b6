//! `xtask.toml` as it bears on a run: what is accepted, what is declared, and what of that nothing
//! needs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{Areas, Context};
use crate::{
    cluster::{Cluster, External},
    config::{Config, FILE, Image, Setting},
    diag::{Diagnostic, Finding, Location, Related, Report, codes, did_you_mean},
    repository::overlays,
    schema::Store,
    source::{Sources, Span, normalize},
};

/// What a repository says about how it is checked, with what is wrong with it.
pub(super) struct Settings {
    config: Config,
    externals: Vec<External>,
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    root: PathBuf,
}

/// What a run looks at.
pub(super) struct Extent<'a> {
    /// The areas of rules.
    pub areas: &'a Areas,
    /// What the paths of its findings are relative to.
    pub base: PathBuf,
    /// Whether it looks at all that the repository deploys, for all versions.
    pub is_whole: bool,
}

impl Settings {
    pub fn load(context: &Context) -> Result<Self> {
        let root = context.root.clone();
        let (mut sources, mut diagnostics) = (Sources::default(), Vec::new());
        let config = Config::load(&root, &mut sources, &mut diagnostics)
            .with_context(|| format!("failed to read {}", root.join(FILE).display()))?;
        let externals = config.externals.iter().map(External::new).collect();
        let mut settings = Self { config, externals, sources, diagnostics, root };
        settings.check_environments()?;
        Ok(settings)
    }

    /// Reports environments that there are no overlays of.
    fn check_environments(&mut self) -> Result<()> {
        let mut named: Vec<_> =
            self.config.environments.iter().map(|(name, one)| (name, one.span)).collect();
        let of_externals = self.config.externals.iter().flat_map(|one| &one.environments);
        named.extend(of_externals.map(|Setting { value, span }| (value, *span)));
        if named.is_empty() {
            return Ok(());
        }
        let all = overlays(&self.root).context("failed to list overlays/")?;
        let known: BTreeSet<&str> = all.iter().map(|overlay| overlay.env.as_str()).collect();
        for (name, span) in named {
            if known.contains(name.as_str()) {
                continue;
            }
            let help = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| {
                let known: Vec<_> = known.iter().copied().collect();
                format!("there are: {}", known.join(", "))
            });
            let message = format!("there is no environment `{name}` in overlays/");
            let wrong = Diagnostic::error(codes::CONFIG_VALUE, message, span).with_help(help);
            self.diagnostics.push(wrong);
        }
        Ok(())
    }

    /// The schemas of the versions that were asked for, or of those that the file names, or of all.
    pub fn store(&mut self, asked: &[String]) -> Result<Store> {
        if !asked.is_empty() {
            return Store::for_versions(asked).or_else(|name| {
                let known = Store::all_versions().known_versions();
                bail!("--kubernetes-version: there are no schemas for {name}; there are: {known}")
            });
        }
        let all = Store::all_versions();
        let mut names = Vec::new();
        for Setting { value, span } in &self.config.kubernetes_versions {
            if Store::for_versions(std::slice::from_ref(value)).is_ok() {
                names.push(value.clone());
                continue;
            }
            let message = format!("there are no schemas for Kubernetes `{value}`");
            let help = format!("there are: {}", all.known_versions());
            let wrong = Diagnostic::error(codes::CONFIG_VALUE, message, *span).with_help(help);
            self.diagnostics.push(wrong);
        }
        if names.is_empty() { Ok(all) } else { Ok(Store::for_versions(&names).unwrap_or(all)) }
    }

    /// A cluster with what is declared of it.
    pub fn declare<'a>(&'a self, cluster: Cluster<'a>) -> Cluster<'a> {
        let environment = self.config.environments.get(cluster.name);
        let production = environment.and_then(|one| one.value.production);
        let cluster = cluster.with_externals(&self.externals);
        match production {
            Some(production) => cluster.with_production(production),
            None => cluster,
        }
    }

    /// What is said of images.
    pub fn images(&self) -> &[Image] {
        &self.config.images
    }

    /// `path:line:column` of a place in the file.
    pub fn locate(&self, span: Span) -> String {
        self.sources.locate(span)
    }

    /// What is wrong with the file.
    pub fn report(&self, context: &Context) -> Report {
        let mut report = context.report();
        report.add(&self.diagnostics, &self.sources);
        report
    }

    /// Takes what is accepted out of a report, and what is not in an area of the run; adds what is
    /// wrong with the file, and what of it nothing needs.
    pub fn apply(&self, report: &mut Report, extent: &Extent<'_>) {
        let mut used = vec![false; self.config.suppressions.len()];
        report.suppress(|finding| self.accept(finding, extent, &mut used));
        report.retain(|finding| extent.areas.has(finding.code.area()) || finding.is_obstacle());
        report.add(&self.diagnostics, &self.sources);
        // What could not be built may be what an entry is about.
        if extent.is_whole && !report.is_incomplete() {
            report.add(&self.unused(&used, extent.areas), &self.sources);
        }
    }

    /// The reason why a finding is accepted.
    fn accept(
        &self,
        finding: &mut Finding,
        extent: &Extent<'_>,
        used: &mut [bool],
    ) -> Option<String> {
        let mut reason = None;
        let path = extent.in_repository(&self.root, &finding.primary.path);
        for (entry, used) in self.config.suppressions.iter().zip(used) {
            if !entry.accepts(finding, path.as_deref()) {
                continue;
            }
            *used = true;
            if finding.is_obstacle() {
                let location = Location::new(&self.sources, entry.span);
                let message = "this entry cannot suppress an error that hides others".to_owned();
                finding.related.push(Related { location, message });
                return None;
            }
            reason.get_or_insert_with(|| entry.reason.clone());
        }
        reason
    }

    /// Warns about the entries that nothing needs.
    fn unused(&self, used: &[bool], areas: &Areas) -> Vec<Diagnostic> {
        let suppressions = self.config.suppressions.iter().zip(used);
        let unused = suppressions.filter(|(entry, used)| !**used && areas.has(entry.code.area()));
        let unused = unused.map(|(entry, _)| {
            let message =
                format!("nothing is found that a `[[suppress]]` of `{}` accepts", entry.code);
            Diagnostic::warning(codes::CONFIG_UNUSED_SUPPRESSION, message, entry.span)
                .with_help("remove the entry, or look whether its `path` and `contains` are right")
        });
        let mut unused: Vec<_> = unused.collect();
        if areas.has("reference") && areas.has("trap") {
            let externals = self.config.externals.iter().zip(&self.externals);
            for (entry, _) in externals.filter(|(_, external)| !external.is_used()) {
                let (kind, name) = (&entry.kind, &entry.name);
                let message =
                    format!("nothing refers to {kind} `{name}`, which an `[[external]]` declares");
                let warning =
                    Diagnostic::warning(codes::CONFIG_UNUSED_EXTERNAL, message, entry.span)
                        .with_help("remove the entry, or look whether its other keys are right");
                unused.push(warning);
            }
        }
        unused
    }
}

impl Extent<'_> {
    /// The path from the root of the repository of a file that a finding names; none for what is no
    /// file of the repository.
    pub fn in_repository(&self, root: &Path, path: &str) -> Option<String> {
        if path == "-" {
            return None;
        }
        let whole = normalize(&self.base.join(path));
        let below = whole.strip_prefix(root).map(Path::to_path_buf).or_else(|_| {
            // The two may lead through different symbolic links.
            let (whole, root) = (fs::canonicalize(whole)?, fs::canonicalize(root)?);
            whole.strip_prefix(root).map(Path::to_path_buf).map_err(std::io::Error::other)
        });
        let names: Vec<_> = below
            .ok()?
            .components()
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        Some(names.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::World;

    fn settings(text: &str) -> Settings {
        let (mut sources, mut diagnostics) = (Sources::default(), Vec::new());
        let config = Config::read(text.to_owned(), &mut sources, &mut diagnostics);
        let externals = config.externals.iter().map(External::new).collect();
        Settings { config, externals, sources, diagnostics, root: "/repository".into() }
    }

    #[test]
    fn production_is_a_matter_of_the_name_unless_the_file_says_it() {
        let settings = settings(
            "[environments]\nprod-test = {production = false}\nlive = {production = true}\n",
        );
        for (name, expected) in [
            ("prod", true),
            ("prod-eu", true),
            ("production2", true),
            ("product-demo", false),
            ("dev", false),
            ("prod-test", false),
            ("live", true),
        ] {
            let cluster = settings.declare(Cluster::new(name, World::Closed, Vec::new()));
            assert_eq!(cluster.production, expected, "{name}");
        }
    }

    #[test]
    fn what_is_declared_is_found_in_the_cluster_and_used_then() {
        let entry = |name, version| {
            format!(
                "[[external]]\nkind = \"Issuer\"\nname = \"{name}\"\nreason = \"x\"\n\
                 apiVersion = \"{version}\"\n"
            )
        };
        let settings = settings(&(entry("ca", "cert-manager.io/v1") + &entry("ca-2", "v1")));
        let cluster = settings.declare(Cluster::new("dev", World::Closed, Vec::new()));
        assert!(cluster.external("cert-manager.io", "Issuer", "shop", "ca").is_some());
        assert!(cluster.external("cert-manager.io", "Issuer", "shop", "ca-2").is_none());
        let unused = settings.unused(&[], &Areas::named(&[]).unwrap());
        let messages: Vec<_> = unused.iter().map(|one| &*one.message).collect();
        assert_eq!(messages, ["nothing refers to Issuer `ca-2`, which an `[[external]]` declares"]);
    }

    #[test]
    fn a_path_is_seen_from_the_root() {
        let areas = Areas::named(&[]).unwrap();
        let extent = Extent { areas: &areas, base: "/repository/base".into(), is_whole: true };
        let path = |path| extent.in_repository(Path::new("/repository"), path);
        assert_eq!(path("web/a.yaml").as_deref(), Some("base/web/a.yaml"));
        assert_eq!(path("../a.yaml").as_deref(), Some("a.yaml"));
        assert_eq!(path("/repository/a.yaml").as_deref(), Some("a.yaml"));
        for elsewhere in ["../../a.yaml", "/other/a.yaml", "-"] {
            assert_eq!(path(elsewhere), None);
        }
    }
}
