//! Runs a program and measures what it used.

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use wait4::Wait4;

/// What one run used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all its threads.
    pub cpu: Duration,
    /// The most memory it held, in bytes.
    pub memory: u64,
}

/// The middle of several runs, and their spread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

/// Runs a program once with its output in `output`. Its exit code must be one of `codes`.
pub(super) fn once(
    program: &Path,
    args: &[&str],
    dir: &Path,
    output: &Path,
    codes: &[i32],
) -> Result<Run> {
    let shown = || format!("{} {}", program.display(), args.join(" "));
    let stdout = File::create(output).context("failed to make a file for the output")?;
    let errors = output.with_extension("stderr");
    let stderr = File::create(&errors).context("failed to make a file for the output")?;
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("failed to run {}", shown()))?;
    let used = child.wait4().with_context(|| format!("failed to wait for {}", shown()))?;
    let wall = start.elapsed();
    if !used.status.code().is_some_and(|code| codes.contains(&code)) {
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        bail!("{} failed: {}", shown(), said.lines().next().unwrap_or("it says nothing"));
    }
    let rusage = used.rusage;
    Ok(Run { wall, cpu: rusage.utime + rusage.stime, memory: rusage.maxrss })
}

/// The middle and the ends of what `value` takes from the runs.
pub(super) fn summary(runs: &[Run], value: impl Fn(&Run) -> f64) -> Summary {
    middle(runs.iter().map(value).collect())
}

/// The middle and the ends of some values.
pub(super) fn middle(mut values: Vec<f64>) -> Summary {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let last = values.len().saturating_sub(1);
    let median = f64::midpoint(at(last / 2), at(last - last / 2));
    Summary { median, min: at(0), max: at(last) }
}

/// A row of a table: what was done, by whom, what it took, and how much more a peer took.
pub(super) fn row(what: &str, name: &str, runs: &[Run], peer: Option<&[Run]>) -> Vec<String> {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let wall = |run: &Run| milliseconds(run.wall);
    let cpu = |run: &Run| milliseconds(run.cpu);
    #[expect(clippy::cast_precision_loss, reason = "a size in memory is far below 2^52 bytes")]
    let memory = |run: &Run| run.memory as f64 / 1e6;
    let ratio = |value: &dyn Fn(&Run) -> f64| {
        peer.map_or_else(String::new, |peer| {
            format!("{:.1}x", summary(peer, value).median / summary(runs, value).median)
        })
    };
    vec![
        what.to_owned(),
        name.to_owned(),
        spread(summary(runs, wall)),
        spread(summary(runs, cpu)),
        format!("{:.1}", summary(runs, memory).median),
        ratio(&cpu),
        ratio(&wall),
    ]
}

fn spread(Summary { median, min, max }: Summary) -> String {
    format!("{median:.1} ({min:.1}-{max:.1})")
}

/// The processor and the system, for whoever reads the figures.
pub(super) fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let release = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let os = std::env::consts::OS;
    format!("{model}, {cores} cores, {os} {}, load {load}", release.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        let run = |ms| Run { wall: Duration::from_millis(ms), cpu: Duration::ZERO, memory: 0 };
        let wall = |run: &Run| f64::from(run.wall.subsec_millis());
        let odd = summary(&[run(5), run(1), run(2)], wall);
        let text = |one: Summary| format!("{} {} {}", one.min, one.median, one.max);
        assert_eq!(text(odd), "1 2 5");
        assert_eq!(text(summary(&[run(1), run(2)], wall)), "1 1.5 2");
    }

    #[test]
    fn a_run_is_measured_and_a_failure_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let output = dir.path().join("out");
        let shell =
            |script| once(Path::new("/bin/sh"), &["-c", script], dir.path(), &output, &[0, 4]);
        let run = shell("echo done").unwrap();
        assert!(run.memory > 100_000 && run.wall >= run.cpu / 64);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "done\n");
        assert!(shell("exit 4").is_ok());
        let error = shell("echo no >&2; exit 3").unwrap_err().to_string();
        assert!(error.ends_with("failed: no"), "{error}");
    }
}
