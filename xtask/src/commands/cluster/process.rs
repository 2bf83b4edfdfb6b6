//! Running a program with a time limit, and stopping it on Ctrl-C where the caller cleans up itself.

use std::{
    fmt,
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(10);

/// What ends a program from outside; the third when its terminal is closed.
const SIGNALS: &[i32] = &[
    signal_hook::consts::SIGINT,
    signal_hook::consts::SIGTERM,
    #[cfg(unix)]
    signal_hook::consts::SIGHUP,
];

/// Whether the person at the terminal wants to stop. By default a signal ends us as usual.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Interrupt {
    flag: Option<Arc<AtomicBool>>,
    /// Children must not get the signals of the terminal.
    shields: bool,
}

/// Work was given up because of Ctrl-C.
#[derive(Debug)]
pub(in super::super) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

impl Interrupt {
    /// From now on Ctrl-C and the like only set a flag: the caller stops and cleans up.
    pub fn caught() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS {
            signal_hook::flag::register(*signal, Arc::clone(&flag))
                .context("failed to watch for Ctrl-C")?;
        }
        Ok(Self { flag: Some(flag), shields: true })
    }

    /// Fails with [`Interrupted`] after a signal.
    pub fn check(&self) -> Result<()> {
        match &self.flag {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(Interrupted.into()),
            _ => Ok(()),
        }
    }

    /// Sleeps, and fails with [`Interrupted`] as soon as there is a signal.
    pub fn sleep(&self, duration: Duration) -> Result<()> {
        let end = Instant::now() + duration;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// For cleaning up after a signal: further ones change nothing.
    #[must_use]
    pub fn ignored(&self) -> Self {
        Self { flag: None, shields: self.shields }
    }
}

/// What a program printed, and how it ended.
#[derive(Clone, Debug)]
pub(in super::super) struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// What it said about its failure, in one line.
    pub fn reason(&self) -> String {
        let lines = self.stderr.lines().map(|line| line.trim().trim_start_matches("error: "));
        let lines = lines.filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join("; ");
        if text.is_empty() { format!("it ended with {}", self.status) } else { text }
    }
}

/// A program that runs, and what it has printed so far.
#[derive(Debug)]
pub(in super::super) struct Running {
    child: Child,
    name: String,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    threads: Vec<JoinHandle<()>>,
    interrupt: Interrupt,
}

impl Running {
    /// Starts `command` and gives it `input`.
    pub fn start(mut command: Command, input: String, interrupt: &Interrupt) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if interrupt.shields {
            own_group(&mut command);
        }
        let mut child = command.spawn().with_context(|| format!("failed to run {name}"))?;
        let mut threads = Vec::new();
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input to the end is no failure of ours.
            threads.push(thread::spawn(move || drop(stdin.write_all(input.as_bytes()))));
        }
        let (stdout, stderr) = (Arc::default(), Arc::default());
        if let Some(pipe) = child.stdout.take() {
            threads.push(collect(pipe, Arc::clone(&stdout)));
        }
        if let Some(pipe) = child.stderr.take() {
            threads.push(collect(pipe, Arc::clone(&stderr)));
        }
        Ok(Self { child, name, stdout, stderr, threads, interrupt: interrupt.clone() })
    }

    /// What it has printed to standard output so far.
    pub fn printed(&self) -> String {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits until it ends. It is killed when `timeout` is over or the person wants to stop.
    pub fn wait(mut self, timeout: Duration) -> Result<Output> {
        let end = Instant::now() + timeout;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            let stop = self.interrupt.check();
            if stop.is_err() || Instant::now() >= end {
                stop?;
                bail!("{} did not end within {} s", self.name, timeout.as_secs());
            }
            sleep(POLL);
        };
        for thread in self.threads.drain(..) {
            // A thread that panicked has left what it read so far.
            thread.join().ok();
        }
        let text = |text: &Mutex<String>| {
            std::mem::take(&mut *text.lock().unwrap_or_else(PoisonError::into_inner))
        };
        Ok(Output { status, stdout: text(&self.stdout), stderr: text(&self.stderr) })
    }
}

/// A program that nobody waits for any more must not go on.
impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, mostly.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// Runs a program to its end.
pub(in super::super) fn run(
    command: Command,
    input: String,
    timeout: Duration,
    interrupt: &Interrupt,
) -> Result<Output> {
    Running::start(command, input, interrupt)?.wait(timeout)
}

/// Adds what a pipe gives to `text`, until it is closed.
fn collect(mut pipe: impl Read + Send + 'static, text: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        let mut rest = Vec::new();
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
            // A character may be cut in two by the end of the buffer.
            let whole = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let lines: Vec<u8> = rest.drain(..whole).collect();
            let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&String::from_utf8_lossy(&lines));
        }
        let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&String::from_utf8_lossy(&rest));
    })
}

/// Gives a program a process group of its own, which the terminal's Ctrl-C does not reach.
pub(super) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn input_and_output_go_through() {
        let input = "é\n".repeat(40_000);
        let quiet = Interrupt::default();
        let script = shell("cat; echo oops >&2; exit 3");
        let output = run(script, input.clone(), Duration::from_secs(20), &quiet).unwrap();
        assert_eq!(output.stdout, input);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.reason(), "oops");
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        let quiet = Interrupt::default();
        let start = Instant::now();
        let error = run(shell("sleep 60"), String::new(), Duration::from_millis(50), &quiet);
        assert_eq!(error.unwrap_err().to_string(), "sh did not end within 0 s");
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn an_interrupt_ends_a_program_and_a_sleep() {
        let flag = Some(Arc::new(AtomicBool::new(true)));
        let interrupt = Interrupt { flag, shields: true };
        let error = run(shell("sleep 60"), String::new(), Duration::from_mins(1), &interrupt);
        assert!(error.unwrap_err().is::<Interrupted>());
        assert!(interrupt.sleep(Duration::from_mins(1)).unwrap_err().is::<Interrupted>());
    }
}
