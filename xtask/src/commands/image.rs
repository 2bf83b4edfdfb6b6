//! `image`: builds the image of the API from `api/`, with whichever builder is installed.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{
    Context, Verdict,
    context::{note, print},
    tools::{find, output, shell_line},
};

mod smoke;

/// Build the image of the API
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask image
  cargo xtask image --smoke
  cargo xtask image --base registry.example.com/mirror/python:3.14-slim
  cargo xtask image --builder buildah --save image.tar -- --isolation chroot")]
pub(super) struct Args {
    #[command(flatten)]
    build: BuildArgs,
    /// Its name and tag; by default those in base/sample-api/values.yaml
    #[arg(long, value_name = "NAME:TAG")]
    tag: Option<String>,
    /// Also write it into a docker archive
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Then run it as the cluster does, read-only and without any capability, and check that it
    /// answers, refuses bad settings and ends in order; needs docker or podman
    #[arg(long)]
    smoke: bool,
    /// Print the commands and run none
    #[arg(long)]
    dry_run: bool,
}

/// How an image is built.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct BuildArgs {
    /// The image to build on, where the one that api/Dockerfile names cannot be pulled
    #[arg(long, value_name = "IMAGE")]
    base: Option<String>,
    /// The program that builds; by default the first of these that works
    #[arg(long, value_enum)]
    builder: Option<Builder>,
    /// Passed on to the builder
    #[arg(last = true, value_name = "BUILDER ARGUMENTS")]
    rest: Vec<String>,
}

/// A program that builds images. All three read the same Dockerfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Builder {
    Docker,
    Podman,
    Buildah,
}

/// An image in the storage of its builder.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// Name and tag.
    pub reference: String,
    /// The digest of its configuration, `sha256:...`, which is also how a node names it.
    pub id: String,
    builder: Builder,
    program: PathBuf,
}

impl BuildArgs {
    /// As they are typed.
    pub fn arguments(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(base) = &self.base {
            words.extend(["--base".to_owned(), base.clone()]);
        }
        if let Some(builder) = self.builder {
            words.extend(["--builder", builder.name()].map(str::to_owned));
        }
        if !self.rest.is_empty() {
            words.push("--".to_owned());
            words.extend(self.rest.iter().cloned());
        }
        words
    }
}

impl Builder {
    const ALL: [Self; 3] = [Self::Docker, Self::Podman, Self::Buildah];

    fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// Whether it can build here. The client of docker is often there without its engine.
    fn works(self, program: &Path) -> bool {
        let probe: &[&str] = match self {
            Self::Docker => &["version", "--format", "{{.Server.Version}}"],
            Self::Podman | Self::Buildah => &["--version"],
        };
        output(program, probe).is_some()
    }

    fn build(self, reference: &str, args: &BuildArgs, revision: Option<&str>) -> Vec<String> {
        let mut command = vec!["build".to_owned(), "--tag".to_owned(), reference.to_owned()];
        if self != Self::Docker {
            // The other format has no HEALTHCHECK.
            command.extend(["--format", "docker"].map(str::to_owned));
        }
        if self == Self::Buildah {
            // It keeps no layers by itself, so that each build would make another image.
            command.push("--layers".to_owned());
        }
        let base = args.base.as_ref().map(|base| format!("BASE_IMAGE={base}"));
        let revision = revision.map(|revision| format!("REVISION={revision}"));
        for argument in [base, revision].into_iter().flatten() {
            command.extend(["--build-arg".to_owned(), argument]);
        }
        command.extend(args.rest.iter().cloned());
        command.push("api".to_owned());
        command
    }

    fn save(self, reference: &str, archive: &str) -> Vec<String> {
        let words: Vec<String> = match self {
            Self::Docker => ["save", "--output", archive, reference].map(str::to_owned).into(),
            Self::Podman => ["save", "--format", "docker-archive", "--output", archive, reference]
                .map(str::to_owned)
                .into(),
            Self::Buildah => {
                let target = format!("docker-archive:{archive}:{reference}");
                vec!["push".to_owned(), "--quiet".to_owned(), reference.to_owned(), target]
            }
        };
        words
    }

    fn id(self, reference: &str) -> Vec<&str> {
        match self {
            Self::Docker | Self::Podman => {
                vec!["image", "inspect", "--format", "{{.Id}}", reference]
            }
            Self::Buildah => {
                vec!["inspect", "--type", "image", "--format", "{{.FromImageID}}", reference]
            }
        }
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let reference = match &args.tag {
        Some(tag) => tag.clone(),
        None => reference(&context.root)?,
    };
    if args.dry_run {
        print(&planned(args, &reference)?)?;
        return Ok(Verdict::Clean);
    }
    if args.smoke {
        smoke::engine(args.build.builder)?;
    }
    let built = build(&args.build, context, &reference)?;
    print(&format!("{} {}\n", built.reference, built.id))?;
    if let Some(archive) = &args.save {
        built.save(archive)?;
        note(&format!("saved to {}", archive.display()));
    }
    if args.smoke { smoke::run(&built) } else { Ok(Verdict::Clean) }
}

/// The commands of a run, without a look at what is installed where a builder was named.
fn planned(args: &Args, reference: &str) -> Result<String> {
    let builder = match args.build.builder {
        Some(builder) => builder,
        None => choose(None)?.0,
    };
    let mut lines = shell_line(builder.name(), &builder.build(reference, &args.build, None));
    if let Some(archive) = &args.save {
        let archive = archive.to_string_lossy();
        lines.push_str(&shell_line(builder.name(), &builder.save(reference, &archive)));
    }
    Ok(lines)
}

/// The image that the base runs: the one place where its name is.
fn reference(root: &Path) -> Result<String> {
    #[derive(Deserialize)]
    struct Values {
        image: String,
    }
    let path = root.join("base/sample-api/values.yaml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("failed to read {}; --tag names the image", path.display()))?;
    let values: Values = serde_yaml::from_str(&text)
        .with_context(|| format!("failed to find `image` in {}", path.display()))?;
    Ok(values.image)
}

/// Fails with what to install if no image could be built.
pub(super) fn check_builder(args: &BuildArgs) -> Result<()> {
    choose(args.builder).map(drop)
}

fn choose(wanted: Option<Builder>) -> Result<(Builder, PathBuf)> {
    if let Some(builder) = wanted {
        let Some(program) = find(builder.name()) else {
            bail!("{} is not installed", builder.name());
        };
        ensure!(builder.works(&program), "{} does not answer: is it running?", builder.name());
        return Ok((builder, program));
    }
    for builder in Builder::ALL {
        if let Some(program) = find(builder.name()).filter(|program| builder.works(program)) {
            return Ok((builder, program));
        }
    }
    let idle = find("docker").is_some();
    let why = if idle { " (docker is installed, but its engine does not answer)" } else { "" };
    bail!("no image can be built: install docker, podman or buildah{why}")
}

/// Builds the image under the name `reference`. What the builder says goes to standard error.
pub(super) fn build(args: &BuildArgs, context: &Context, reference: &str) -> Result<Built> {
    let (builder, program) = choose(args.builder)?;
    ensure!(
        context.root.join("api/Dockerfile").is_file(),
        "there is no api/Dockerfile in {}",
        context.root.display()
    );
    let revision = revision(&context.root);
    let arguments = builder.build(reference, args, revision.as_deref());
    note(shell_line(builder.name(), &arguments).trim_end());
    let status = Command::new(&program)
        .args(&arguments)
        .current_dir(&context.root)
        .stdin(Stdio::null())
        // Standard output is for the result.
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("failed to run {}", program.display()))?;
    ensure!(status.success(), "{} could not build the image: see above", builder.name());
    let id = output(&program, &builder.id(reference))
        .with_context(|| format!("{} does not know the image that it built", builder.name()))?;
    let id = if id.starts_with("sha256:") { id } else { format!("sha256:{id}") };
    Ok(Built { reference: reference.to_owned(), id, builder, program })
}

/// The commit, marked where files differ from it; `None` outside of a repository.
fn revision(root: &Path) -> Option<String> {
    let git = find("git")?;
    let dir = root.to_str()?;
    let commit = output(&git, &["-C", dir, "rev-parse", "HEAD"])?;
    let changed = output(&git, &["-C", dir, "status", "--porcelain", "--", "api"]).is_some();
    Some(if changed { format!("{commit}-dirty") } else { commit })
}

impl Built {
    /// Writes the image into a docker archive, in place of what is there.
    pub fn save(&self, archive: &Path) -> Result<()> {
        if archive.exists() {
            // buildah adds to an archive that exists.
            std::fs::remove_file(archive)
                .with_context(|| format!("failed to replace {}", archive.display()))?;
        }
        let arguments = self.builder.save(&self.reference, &archive.to_string_lossy());
        let status = Command::new(&self.program)
            .args(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("failed to run {}", self.program.display()))?;
        ensure!(status.success(), "{} could not save the image", self.builder.name());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(base: Option<&str>, rest: &[&str]) -> BuildArgs {
        let rest = rest.iter().map(|&word| word.to_owned()).collect();
        BuildArgs { base: base.map(str::to_owned), builder: None, rest }
    }

    #[test]
    fn the_context_comes_last_and_arguments_of_the_user_before_it() {
        let args = arguments(Some("localhost/python:3"), &["--isolation", "chroot"]);
        let line = Builder::Buildah.build("localhost/api:dev", &args, Some("abc")).join(" ");
        assert_eq!(
            line,
            "build --tag localhost/api:dev --format docker --layers --build-arg \
             BASE_IMAGE=localhost/python:3 \
             --build-arg REVISION=abc --isolation chroot api"
        );
    }

    #[test]
    fn docker_knows_no_format() {
        let line = Builder::Docker.build("a:b", &arguments(None, &[]), None).join(" ");
        assert_eq!(line, "build --tag a:b api");
    }
}
