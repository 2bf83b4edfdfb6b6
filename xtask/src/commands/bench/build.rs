//! `bench build`: this program beside kustomize, on generated overlays.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{
    super::{
        Verdict,
        context::{note, print, table},
        tools::{INSTALL_KUSTOMIZE, find, output},
    },
    generate,
    measure::{Run, machine, once, row, summary},
};

/// Measure `build` beside `kustomize build`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask bench build --sizes 1,1000 --runs 9")]
pub(super) struct Args {
    /// How many objects the overlays have
    #[arg(long, value_delimiter = ',', default_value = "1,100,1000,3000")]
    sizes: Vec<usize>,
    /// How often each is built, after one build that is not counted
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

/// One of the programs.
struct Peer {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

#[expect(clippy::cast_precision_loss, reason = "a number of objects is far below 2^52")]
pub(super) fn run(args: &Args) -> Result<Verdict> {
    let program = std::env::current_exe().context("failed to find this program")?;
    let arguments = &["build", "overlay"];
    // What it costs to know where every field comes from.
    let without = Peer {
        name: "xtask without origins",
        program: program.clone(),
        arguments: &["build", "overlay", "--without-origins"],
    };
    let ours = Peer { name: "xtask", program, arguments };
    let theirs = find("kustomize").map(|program| Peer { name: "kustomize", program, arguments });
    if cfg!(debug_assertions) {
        note("this is a development build: its times say nothing");
    }
    let version = theirs.as_ref().and_then(|peer| output(&peer.program, &["version"]));
    let version = version.unwrap_or_else(|| {
        note(&format!("kustomize is not installed, ours is measured alone: {INSTALL_KUSTOMIZE}"));
        "not installed".to_owned()
    });
    print(&format!(
        "machine: {}\nkustomize: {version}\nmedian (min-max) of {} runs after a warm-up\n\n",
        machine(),
        args.runs
    ))?;
    let mut grown: Option<(usize, f64)> = None;
    let mut growth = String::new();
    let header = ["objects", "program", "wall ms", "CPU ms", "peak MB", "CPU ratio", "wall ratio"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for &size in &args.sizes {
        let dir = tempfile::tempdir().context("failed to make a temporary directory")?;
        generate::overlay(dir.path(), size)?;
        let own = measure(&ours, dir.path(), args.runs)?;
        let bare = measure(&without, dir.path(), args.runs)?;
        let cpu = median_cpu(&own);
        if let Some((before, time)) = grown {
            let (more, longer) = (size as f64 / before as f64, cpu / time);
            let _ = writeln!(
                growth,
                "{size} objects against {before}: {more:.1}x as many, {longer:.2}x the CPU time"
            );
        }
        grown = Some((size, cpu));
        let _ = writeln!(
            growth,
            "{size} objects: the histories of fields cost {:+.1} % of the CPU time",
            (cpu / median_cpu(&bare) - 1.0) * 100.0
        );
        let Some(theirs) = &theirs else {
            rows.push(row(&size.to_string(), ours.name, &own, None));
            rows.push(row(&size.to_string(), without.name, &bare, None));
            continue;
        };
        let peer = measure(theirs, dir.path(), args.runs)?;
        compare(dir.path(), &ours, theirs).with_context(|| format!("an overlay of {size}"))?;
        rows.push(row(&size.to_string(), ours.name, &own, Some(&peer)));
        rows.push(row(&size.to_string(), without.name, &bare, Some(&peer)));
        rows.push(row(&size.to_string(), theirs.name, &peer, None));
    }
    print(&format!("{}\n{growth}", table(&rows)))?;
    Ok(Verdict::Clean)
}

/// User and system time in milliseconds.
fn median_cpu(runs: &[Run]) -> f64 {
    summary(runs, |run| run.cpu.as_secs_f64() * 1000.0).median
}

fn measure(peer: &Peer, dir: &Path, runs: u32) -> Result<Vec<Run>> {
    note(&format!("measuring {} ...", peer.name));
    let build = || once(&peer.program, peer.arguments, dir, &result(dir, peer), &[0]);
    build()?;
    (0..runs).map(|_| build()).collect()
}

fn result(dir: &Path, peer: &Peer) -> PathBuf {
    dir.join(format!("{}.yaml", peer.name.replace(' ', "-")))
}

/// Fails unless both programs made the same objects in the same order: figures for different work
/// would say nothing.
fn compare(dir: &Path, ours: &Peer, theirs: &Peer) -> Result<()> {
    let documents = |peer: &Peer| -> Result<Vec<serde_yaml::Value>> {
        let text = std::fs::read_to_string(result(dir, peer)).context("failed to read output")?;
        serde_yaml::Deserializer::from_str(&text)
            .map(serde_yaml::Value::deserialize)
            .collect::<Result<_, _>>()
            .with_context(|| format!("the output of {} is not YAML", peer.name))
    };
    let (own, peer) = (documents(ours)?, documents(theirs)?);
    let (made, expected) = (own.len(), peer.len());
    ensure!(made == expected, "it makes {made} objects, {} makes {expected}", theirs.name);
    if let Some(at) = own.iter().zip(&peer).position(|(a, b)| a != b) {
        bail!("its object {} is not the one that {} makes", at + 1, theirs.name);
    }
    Ok(())
}
