//! `images`: every image that an environment runs, where its name is written, and its digest.
//!
//! Invariant: without `--update` and `--check` nothing is asked of the network. A digest is what a
//! registry says or what its answer hashes to, and never made up; where none can be had, the tag
//! stays and the reason is in `xtask.toml`.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{
    Context, Settings, Verdict,
    context::{counted, note, print, table},
    explain::show_errors,
    files::write_atomic,
};
use crate::{
    diag::{Format, Severity},
    repository::{build_all, overlays, select},
};

mod find;
mod registry;
mod rewrite;

use find::Found;
use registry::{Registries, Resolved};
use rewrite::Change;

/// List the images of all environments, with the digests that pin them
///
/// An image of production without a digest needs a reason, in an `[[image]]` entry of xtask.toml; one
/// without both makes the exit code 1. With --update or --check, registries are asked for the digests
/// of tags; without credentials, so for public images only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask images
  cargo xtask images prod --format json
  cargo xtask images --check
  cargo xtask images --update && cargo xtask render")]
pub(super) struct Args {
    /// Only these environments
    #[arg(value_name = "ENV")]
    envs: Vec<String>,
    /// Write the digest that the tag has now where another one, or none, is written; images that have
    /// none outside of production are left as they are
    #[arg(long)]
    update: bool,
    /// As --update, but write nothing, and exit with 1 if there is something to write
    #[arg(long)]
    check: bool,
    /// A registry that is asked over plain HTTP
    #[arg(long, value_name = "HOST[:PORT]")]
    insecure_registry: Vec<String>,
    /// How long an answer may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let settings = Settings::load(context)?;
    let said = settings.report(context);
    if said.worst() == Some(Severity::Error) {
        return Ok(context.show(&said));
    }
    let all = overlays(&context.root).context("failed to list overlays/")?;
    let built = build_all(&context.root, select(all, &args.envs)?, |built| built);
    if let Some(failed) = show_errors(&built, context) {
        return Ok(failed);
    }
    let images = find::all(&built, &settings, args.envs.is_empty())?;
    if args.update || args.check {
        return update(args, &images, context);
    }
    list(&images, context)
}

/// Shows the images. One of production without a digest and without a reason fails the run.
fn list(images: &[Found], context: &Context) -> Result<Verdict> {
    if context.format == Format::Json {
        print(&images.iter().map(as_json).collect::<String>())?;
    } else {
        let head = ["IMAGE", "DIGEST", "ENVIRONMENTS", "WRITTEN AT", "NOTE"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(images.iter().map(|image| {
            let digest = image.digest.as_deref().map_or("none", short).to_owned();
            let note = remark(image).unwrap_or_default().to_owned();
            let environments = image.environments.iter().map(String::as_str);
            let environments = environments.collect::<Vec<_>>().join(", ");
            vec![image.tagged(), digest, environments, image.place.clone(), note]
        }));
        print(&table(&rows))?;
    }
    let mut verdict = Verdict::Clean;
    for image in images {
        if is_unexplained(image) {
            verdict = Verdict::Failed;
            note(&format!(
                "{}: `{}` has no digest, in production, and no `[[image]]` of xtask.toml says why",
                image.place,
                image.tagged()
            ));
        }
    }
    Ok(verdict)
}

fn is_unexplained(image: &Found) -> bool {
    image.production && image.digest.is_none() && image.reason.is_none()
}

fn remark(image: &Found) -> Option<&str> {
    match (&image.digest, &image.reason) {
        (Some(_), Some(_)) => Some("has a digest: the reason in xtask.toml is out of date"),
        (Some(_), None) => None,
        (None, Some(reason)) => Some(reason),
        (None, None) if image.production => Some("no reason is given"),
        (None, None) => Some("outside of production none is asked for"),
    }
}

/// Enough of a digest to tell it from others.
fn short(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
}

fn as_json(image: &Found) -> String {
    let Found { name, tag, digest, environments, production, reason, place, .. } = image;
    let object = json!({
        "image": name, "tag": tag, "digest": digest, "environments": environments,
        "production": production, "reason": reason, "place": place,
    });
    format!("{object}\n")
}

/// Asks the registries, and writes what differs unless it is only to be listed.
fn update(args: &Args, images: &[Found], context: &Context) -> Result<Verdict> {
    let mut registries =
        Registries::new(&args.insecure_registry, Duration::from_secs(args.timeout));
    let mut files: BTreeMap<&str, Vec<Change<'_>>> = BTreeMap::new();
    let (mut asked, mut changed, mut failed) = (0, 0, 0);
    for image in images {
        let Some(tag) = image.tag.as_deref().filter(|_| is_pinned(image)) else { continue };
        asked += 1;
        let resolved = match registries.digest(&image.name, tag) {
            Ok(resolved) => resolved,
            Err(error) => {
                let (place, tagged) = (&image.place, image.tagged());
                // What is known to be nowhere need not be found.
                if let Some(reason) = image.reason.as_ref().filter(|_| image.digest.is_none()) {
                    note(&format!("{place}: `{tagged}` still has no digest ({reason}): {error:#}"));
                } else {
                    failed += 1;
                    note(&format!("{place}: error: no digest of `{tagged}`: {error:#}"));
                }
                continue;
            }
        };
        if image.digest.as_deref() == Some(resolved.digest.as_str()) {
            continue;
        }
        let (place, tagged) = (&image.place, image.tagged());
        let Some(spot) = &image.spot else {
            failed += 1;
            note(&format!(
                "{place}: error: the digest of `{tagged}` cannot be written here: it is {}",
                resolved.digest
            ));
            continue;
        };
        changed += 1;
        let (old, new) = (image.digest.as_deref().map_or("none", short), short(&resolved.digest));
        print(&format!("{place}: {tagged} is {new}, written is {old}\n"))?;
        let comment = comment(image, &resolved);
        let change = Change { spot, tag, digest: resolved.digest, comment };
        files.entry(spot.file.as_str()).or_default().push(change);
    }
    if !args.check {
        for (file, changes) in &files {
            let path = context.root.join(file);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            let text = rewrite::apply(&text, changes)
                .with_context(|| format!("{file} was left as it is"))?;
            write_atomic(&path, &text)?;
        }
    }
    let verb = if args.check { "to write" } else { "written" };
    note(&format!("{} asked for, {changed} {verb}, {failed} failed", counted(asked, "digest")));
    if failed > 0 {
        bail!("{} could not be found or written: see above", counted(failed, "digest"));
    }
    Ok(if args.check && changed > 0 { Verdict::Failed } else { Verdict::Clean })
}

/// Whether the digest of an image is to be the one of its tag: elsewhere than in production only where
/// it has one.
fn is_pinned(image: &Found) -> bool {
    image.digest.is_some() || image.production && image.can_be_pinned
}

/// Where the digest is from, for who reads the file.
fn comment(image: &Found, resolved: &Resolved) -> [String; 2] {
    let date = resolved.date.as_ref().map(|date| format!(" on {date}")).unwrap_or_default();
    [format!("The digest is that of `{}`{date}, from", image.tagged()), resolved.url.clone()]
}
