//! Runs wrk and reads its report.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

/// What wrk reports of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// Requests a second.
    pub rate: f64,
    /// The time within which 99 % of the requests were answered, in milliseconds.
    pub p99: f64,
    /// Answers other than 2xx and 3xx, and connections that failed.
    pub failed: u64,
}

/// Loads `url` for some seconds with as many connections as are asked for.
pub(super) fn run(
    wrk: &Path,
    url: &str,
    connections: u32,
    seconds: u32,
    script: Option<&Path>,
) -> Result<Load> {
    let threads = connections.min(2);
    let mut command = Command::new(wrk);
    command.args(["--latency", "--timeout", "10s"]);
    command.arg(format!("--threads={threads}")).arg(format!("--connections={connections}"));
    command.arg(format!("--duration={seconds}s"));
    if let Some(script) = script {
        command.arg("--script").arg(script);
    }
    let output = command.arg(url).output().context("failed to run wrk")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wrk failed: {}", said.trim());
    let report = String::from_utf8_lossy(&output.stdout);
    parse(&report).with_context(|| format!("wrk reports something else:\n{report}"))
}

fn parse(report: &str) -> Option<Load> {
    let after = |label: &str| {
        report.lines().find_map(|line| line.trim().strip_prefix(label)).map(str::trim)
    };
    let rate = after("Requests/sec:")?.parse().ok()?;
    let p99 = milliseconds(after("99%")?)?;
    let refused = after("Non-2xx or 3xx responses:").map_or(Some(0), |text| text.parse().ok())?;
    // `connect 0, read 3, write 0, timeout 1`
    let broken: u64 = after("Socket errors:").map_or(0, |text| {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u64>().ok()).sum()
    });
    Some(Load { rate, p99, failed: refused + broken })
}

/// `1.25ms`, `830.00us`, `2.10s`, `1.05m`.
fn milliseconds(text: &str) -> Option<f64> {
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    Some(match unit {
        "us" => number / 1000.0,
        "ms" => number,
        "s" => number * 1000.0,
        "m" => number * 60_000.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = "\
Running 1s test @ http://127.0.0.1:8000/healthz
  2 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.80ms    1.13ms  14.63ms   84.43%
    Req/Sec     1.18k    96.86     1.37k    70.00%
  Latency Distribution
     50%    6.52ms
     75%    7.05ms
     90%    8.03ms
     99%  830.00us
  2362 requests in 1.00s, 470.00KB read
  Socket errors: connect 0, read 3, write 0, timeout 1
  Non-2xx or 3xx responses: 12
Requests/sec:   2356.71
Transfer/sec:    468.94KB
";
        assert_eq!(parse(report), Some(Load { rate: 2356.71, p99: 0.83, failed: 16 }));
        assert_eq!(parse("unable to connect"), None);
    }
}
