//! `bench policy`: this program beside gator, on policies of this repository and generated pods.

mod work;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;

use super::{
    super::{
        Context, Verdict,
        context::{note, print, table},
        tools::{INSTALL_GATOR, find},
    },
    measure::{Run, machine, once, row, summary},
};

/// Measure policies beside gator
///
/// Both review the same pods with the same templates and constraints, in Rego, and must say the same
/// of them, word by word. What a review with both engines costs, as `validate` makes it, is a row of
/// its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask bench policy --pods 500,2000 --runs 3")]
pub(super) struct Args {
    /// How many policies review each pod
    #[arg(long, default_value_t = 20)]
    templates: usize,
    /// How many pods there are
    #[arg(long, value_delimiter = ',', default_value = "1,2000")]
    pods: Vec<usize>,
    /// How often each program runs, after one run that is not counted
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Write the manifests there and leave them, to run the commands by hand
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// One of the programs, whose last argument is the directory.
struct Program {
    name: &'static str,
    path: PathBuf,
    arguments: &'static [&'static str],
    /// Reads what it said, by the path of its standard output.
    read: fn(&Path) -> Result<Violations>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if cfg!(debug_assertions) {
        note("this is a development build: its times say nothing");
    }
    let temporary = tempfile::tempdir().context("failed to make a temporary directory")?;
    let dir = args.keep.as_deref().unwrap_or(temporary.path());
    let path = std::env::current_exe().context("failed to find this program")?;
    let ours = Program {
        name: "xtask",
        path: path.clone(),
        arguments: &["validate", "--only", "policy", "--engine", "rego", "--format", "json"],
        read: own_violations,
    };
    let both = Program {
        name: "xtask, both engines",
        path,
        arguments: &["validate", "--only", "policy", "--format", "json"],
        read: own_violations,
    };
    let theirs = find("gator").map(|path| Program {
        name: "gator",
        path,
        arguments: &["test", "--enable-k8s-native-validation=false", "-o", "json", "-f"],
        read: gator_violations,
    });
    if theirs.is_none() {
        note(&format!("gator is not installed, ours is measured alone: {INSTALL_GATOR}"));
    }
    let programs: Vec<&Program> = [&ours, &both].into_iter().chain(&theirs).collect();
    let commands: Vec<_> = programs
        .iter()
        .map(|one| format!("{}: {} DIR", one.name, one.arguments.join(" ")))
        .collect();
    print(&format!(
        "machine: {}\nmedian (min-max) of {} runs after a warm-up\n{}\n\n",
        machine(),
        args.runs,
        commands.join("\n")
    ))?;
    let header =
        ["pods x policies", "program", "wall ms", "CPU ms", "peak MB", "CPU ratio", "wall ratio"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut rates =
        vec![["pods x policies", "program", "reviews/s of CPU"].map(str::to_owned).to_vec()];
    for &pods in &args.pods {
        let name = format!("pods-{pods}");
        let policies = work::write(&context.root, &dir.join(&name), args.templates, pods)?.len();
        let measured: Vec<Vec<Run>> = programs
            .iter()
            .map(|program| measure(program, dir, &name, args.runs))
            .collect::<Result<_>>()?;
        let what = format!("{pods} x {policies}");
        let said = agree(dir, &programs).with_context(|| what.clone())?;
        note(&format!("{what}: {said} violations, the same for all programs"));
        for (at, (program, runs)) in programs.iter().zip(&measured).enumerate() {
            let peer = measured.get(2).filter(|_| at < 2).map(Vec::as_slice);
            rows.push(row(&what, program.name, runs, peer));
            rates.push(vec![what.clone(), program.name.to_owned(), rate(runs, pods * policies)]);
        }
    }
    print(&format!("{}\n{}", table(&rows), table(&rates)))?;
    Ok(Verdict::Clean)
}

/// Runs a program on the manifests in `name`.
fn measure(program: &Program, dir: &Path, name: &str, runs: u32) -> Result<Vec<Run>> {
    note(&format!("measuring {} on {name} ...", program.name));
    let mut arguments = program.arguments.to_vec();
    arguments.push(name);
    let output = dir.join(program.name);
    let review = || once(&program.path, &arguments, dir, &output, &[0, 1]);
    review()?;
    (0..runs).map(|_| review()).collect()
}

/// How many pairs of a pod and a policy a second of CPU time is enough for.
fn rate(runs: &[Run], reviews: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a number of reviews is far below 2^52")]
    let reviews = reviews as f64;
    format!("{:.0}", reviews / summary(runs, |run| run.cpu.as_secs_f64()).median)
}

/// Fails unless all programs found the same violations in their last run: figures for different work
/// would say nothing. How many there are.
fn agree(dir: &Path, programs: &[&Program]) -> Result<usize> {
    let mut first: Option<(&str, Violations)> = None;
    for program in programs {
        let found = (program.read)(&dir.join(program.name))
            .with_context(|| format!("failed to read what {} says", program.name))?;
        let Some((name, other)) = &first else {
            first = Some((program.name, found));
            continue;
        };
        let differ = |all: &Violations, others: &Violations| {
            all.iter()
                .find(|(one, count)| others.get(*one) != Some(count))
                .map(|(one, _)| one.clone())
        };
        if let Some(one) = differ(other, &found) {
            bail!("{name} and {} do not agree, first on `{one}`", program.name);
        }
        if let Some(one) = differ(&found, other) {
            bail!("{} and {name} do not agree, first on `{one}`", program.name);
        }
    }
    Ok(first.map_or(0, |(_, found)| found.values().sum()))
}

/// How often what is said: the constraint, the object and the message.
type Violations = BTreeMap<String, usize>;

/// What `validate` says, in JSON on the standard error.
fn own_violations(output: &Path) -> Result<Violations> {
    let text = fs::read_to_string(output.with_extension("stderr"))?;
    let mut all = Violations::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let one: Json = serde_json::from_str(line)?;
        let field = |name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default();
        let Some(constraint) = field("code").strip_prefix("policy/") else {
            bail!("{line}");
        };
        let Some((object, message)) = field("message").split_once(": ") else { bail!("{line}") };
        let object = object.strip_prefix("Pod `").and_then(|name| name.strip_suffix('`'));
        let object = object.unwrap_or_default();
        *all.entry(format!("{constraint} {object}: {message}")).or_default() += 1;
    }
    Ok(all)
}

/// What `gator test` says, in JSON on the standard output.
fn gator_violations(output: &Path) -> Result<Violations> {
    let results: Json = serde_json::from_str(&fs::read_to_string(output)?)?;
    let mut all = Violations::new();
    for one in results.as_array().into_iter().flatten() {
        let at = |pointer: &str| one.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
        let (constraint, object) =
            (at("/constraint/metadata/name"), at("/violatingObject/metadata/name"));
        *all.entry(format!("{constraint} {object}: {}", at("/msg"))).or_default() += 1;
    }
    Ok(all)
}
