//! `bench validate`: this program beside kubeconform, on generated manifests.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    super::{
        Context, Verdict,
        context::{note, print, table},
        tools::{INSTALL_KUBECONFORM, find, output},
    },
    manifests,
    measure::{Run, machine, once, row},
    peer_schemas,
};

/// Measure `validate` beside kubeconform
///
/// Both check generated manifests against the schemas of one Kubernetes version, and must agree on
/// which objects are valid. Then `validate` checks the environments of this repository for all
/// versions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask bench validate --sizes 60,10000 --runs 9")]
pub(super) struct Args {
    /// How many objects there are
    #[arg(long, value_delimiter = ',', default_value = "60,10000")]
    sizes: Vec<usize>,
    /// How often each program runs, after one run that is not counted
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Write the manifests and the schemas there and leave them, to run the commands by hand
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The Kubernetes version that both check for.
const VERSION: &str = "1.37";

/// One of the programs.
struct Peer {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    if cfg!(debug_assertions) {
        note("this is a development build: its times say nothing");
    }
    let temporary = tempfile::tempdir().context("failed to make a temporary directory")?;
    let dir = args.keep.as_deref().unwrap_or(temporary.path());
    let ours = ours()?;
    let theirs = theirs(context, dir)?;
    let version = if let Some(peer) = &theirs {
        version(&peer.program)?
    } else {
        note(&format!(
            "kubeconform is not installed, ours is measured alone: {INSTALL_KUBECONFORM}"
        ));
        "not installed".to_owned()
    };
    print(&format!(
        "machine: {}\nkubeconform: {version}\nmedian (min-max) of {} runs after a warm-up\n{}\n\n",
        machine(),
        args.runs,
        commands(&ours, theirs.as_ref())
    ))?;
    let header = ["objects", "program", "wall ms", "CPU ms", "peak MB", "CPU ratio", "wall ratio"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for &size in &args.sizes {
        for broken in [false, true] {
            let name = if broken { format!("{size}-broken") } else { size.to_string() };
            let manifests = dir.join(&name);
            let files = manifests::write(&manifests, size, broken)?;
            let shown = match manifests::broken(size) {
                count if broken => format!("{size} ({count} broken) in {files} files"),
                _ => format!("{size} in {files} files"),
            };
            let own = measure(&ours, dir, &name, args.runs)?;
            let Some(theirs) = &theirs else {
                rows.push(row(&shown, ours.name, &own, None));
                continue;
            };
            let peer = measure(theirs, dir, &name, args.runs)?;
            let slips = if broken { manifests::broken(size) } else { 0 };
            compare(dir, &ours, theirs, slips).with_context(|| shown.clone())?;
            rows.push(row(&shown, ours.name, &own, Some(&peer)));
            rows.push(row(&shown, theirs.name, &peer, None));
        }
    }
    rows.push(row("this repository", ours.name, &repository(context, dir, args.runs)?, None));
    print(&table(&rows))?;
    Ok(Verdict::Clean)
}

/// This program, checking against schemas.
fn ours() -> Result<Peer> {
    let program = std::env::current_exe().context("failed to find this program")?;
    let arguments =
        ["validate", "--only", "schema", "--format", "concise", "--kubernetes-version", VERSION];
    Ok(Peer { name: "xtask", program, arguments: arguments.map(str::to_owned).to_vec() })
}

/// kubeconform with schemas that are made for it, if it is installed.
fn theirs(context: &Context, dir: &Path) -> Result<Option<Peer>> {
    let Some(program) = find("kubeconform") else { return Ok(None) };
    let path = context.root.join(format!("xtask/schemas/kubernetes/{VERSION}.json"));
    let bundle =
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    peer_schemas::write(&dir.join("schemas"), &bundle)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    let location = format!("schemas/{}", peer_schemas::LOCATION);
    let arguments = ["-strict", "-summary", "-n", &threads, "-schema-location", &location];
    let arguments = arguments.map(str::to_owned).to_vec();
    Ok(Some(Peer { name: "kubeconform", program, arguments }))
}

/// The version of a kubeconform: one that `go install` made calls itself `development`, but Go notes
/// in every program what it was made of.
fn version(program: &Path) -> Result<String> {
    const MODULE: &[u8] = b"\tgithub.com/yannh/kubeconform\tv";
    const LONGEST: usize = 100;
    let context = "failed to read kubeconform";
    let mut file = File::open(program).context(context)?;
    // In parts: a program that is started from here counts our memory as its own.
    let mut part = Vec::new();
    loop {
        let keep = part.len().min(MODULE.len() + LONGEST);
        part.drain(..part.len() - keep);
        if file.by_ref().take(1 << 16).read_to_end(&mut part).context(context)? == 0 {
            return Ok(output(program, &["-v"]).unwrap_or_default());
        }
        let noted = part.windows(MODULE.len()).position(|one| one == MODULE);
        let Some(noted) = noted.and_then(|at| part.get(at + MODULE.len()..)) else { continue };
        let is_version = |b: &&u8| b.is_ascii_alphanumeric() || b".-+".contains(b);
        let version: String = noted.iter().take_while(is_version).map(|b| char::from(*b)).collect();
        if version.len() < noted.len() {
            return Ok(version);
        }
    }
}

fn commands(ours: &Peer, theirs: Option<&Peer>) -> String {
    let shown = |peer: &Peer| format!("{}: {} DIR", peer.name, peer.arguments.join(" "));
    let all: Vec<_> = std::iter::once(ours).chain(theirs).map(shown).collect();
    all.join("\n")
}

/// Runs a program on the manifests in `name`, which may have slips.
fn measure(peer: &Peer, dir: &Path, name: &str, runs: u32) -> Result<Vec<Run>> {
    note(&format!("measuring {} on {name} ...", peer.name));
    let mut arguments: Vec<&str> = peer.arguments.iter().map(String::as_str).collect();
    arguments.push(name);
    let check = || once(&peer.program, &arguments, dir, &result(dir, peer), &[0, 1]);
    check()?;
    (0..runs).map(|_| check()).collect()
}

fn result(dir: &Path, peer: &Peer) -> PathBuf {
    dir.join(peer.name)
}

/// Checks every environment for every version, with all that `validate` does.
fn repository(context: &Context, dir: &Path, runs: u32) -> Result<Vec<Run>> {
    note("measuring xtask on this repository ...");
    let program = std::env::current_exe().context("failed to find this program")?;
    let output = dir.join("repository");
    let check = || once(&program, &["validate"], &context.root, &output, &[0, 1]);
    check()?;
    (0..runs).map(|_| check()).collect()
}

/// Fails unless both programs found the same number of invalid objects in each file: figures for
/// different work would say nothing. An object has at most one slip, and `slips` do in all.
fn compare(dir: &Path, ours: &Peer, theirs: &Peer, slips: usize) -> Result<()> {
    let read = |peer: &Peer, extension: &str| {
        let path = result(dir, peer).with_extension(extension);
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
    };
    let own = invalid(&read(ours, "stderr")?, ".yaml:", |line| line.contains(": error["));
    let peer = invalid(&read(theirs, "")?, ".yaml - ", |line| line.contains(" is invalid: "));
    let found: usize = own.values().sum();
    ensure!(found == slips, "{found} objects are invalid, {slips} were expected to be");
    let mut files = own.iter().chain(&peer);
    if let Some((file, _)) = files.find(|(file, _)| own.get(*file) != peer.get(*file)) {
        let count = |all: &BTreeMap<String, usize>| all.get(file).copied().unwrap_or_default();
        bail!(
            "{file} has {} invalid objects, but to {} it has {}",
            count(&own),
            theirs.name,
            count(&peer)
        );
    }
    Ok(())
}

/// The number of invalid objects by file; a line begins with the file and what ends its name.
fn invalid(text: &str, end: &str, is_about_one: fn(&str) -> bool) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| is_about_one(line)) {
        if let Some((file, _)) = line.split_once(end) {
            *all.entry(file.to_owned()).or_default() += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_must_find_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let peer = |name| Peer { name, program: PathBuf::new(), arguments: Vec::new() };
        let (ours, theirs) = (peer("xtask"), peer("kubeconform"));
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write(
            "xtask.stderr",
            "60/1.yaml:3:4: error[schema/type]: `a`\n60/1.yaml:1:1: warning[x]\n",
        );
        write("kubeconform", "60/1.yaml - Secret a is invalid: problem\nSummary: 2 resources\n");
        compare(dir.path(), &ours, &theirs, 1).unwrap();
        let error = compare(dir.path(), &ours, &theirs, 2).unwrap_err().to_string();
        assert_eq!(error, "1 objects are invalid, 2 were expected to be");
        write("kubeconform", "60/2.yaml - Secret a is invalid: problem\n");
        let error = compare(dir.path(), &ours, &theirs, 1).unwrap_err().to_string();
        assert_eq!(error, "60/1 has 1 invalid objects, but to kubeconform it has 0");
    }
}
