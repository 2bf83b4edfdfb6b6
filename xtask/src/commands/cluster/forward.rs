//! The port-forward that outlives `up`: how it is recorded, found again and stopped.
//!
//! Invariant: only a process is ended whose number and start time were written down, so never one
//! that happens to have got the number later.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::{
    super::{files::write_atomic, tools::output},
    process::own_group,
};

/// How long a process may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// What is forwarded where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Forward {
    pub kubeconfig: Option<PathBuf>,
    pub context: String,
    pub server: String,
    pub namespace: String,
    pub service: String,
    /// The port of the Service.
    pub service_port: u16,
    /// The port of this machine.
    pub port: u16,
}

/// A forward, and the process that does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Record {
    pub forward: Forward,
    pid: u32,
    started: String,
}

/// Where the record is kept.
fn record_path(root: &Path) -> PathBuf {
    root.join("target/xtask/port-forward.json")
}

/// What the process prints.
pub(in super::super) fn log_path(root: &Path) -> PathBuf {
    root.join("target/xtask/port-forward.log")
}

/// The forward that runs; `None` if there is none, or its process has ended.
pub(in super::super) fn running(root: &Path) -> Result<Option<Record>> {
    let path = record_path(root);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read {}", path.display()));
        }
    };
    // A record that cannot be read names no process.
    let record: Option<Record> = serde_json::from_str(&text).ok();
    Ok(record.filter(|record| start_time(record.pid).as_ref() == Some(&record.started)))
}

/// Fails if something else listens on the port.
pub(in super::super) fn check_port(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is taken by another program: choose another with --port")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be used")),
    }
}

impl Forward {
    /// The arguments of the command that keeps it alive.
    pub fn arguments(&self) -> Vec<String> {
        let mut words = vec!["port-forward".to_owned()];
        if let Some(path) = &self.kubeconfig {
            words.extend(["--kubeconfig".to_owned(), path.to_string_lossy().into_owned()]);
        }
        words.extend(["--context".to_owned(), self.context.clone()]);
        words.extend(["--namespace".to_owned(), self.namespace.clone()]);
        words.push(format!("service/{}", self.service));
        words.push(format!("{}:{}", self.port, self.service_port));
        words
    }

    /// Starts it as a process that goes on when we end.
    pub fn start(&self, root: &Path) -> Result<Record> {
        let log_path = log_path(root);
        let dir = log_path.parent().unwrap_or(root);
        fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
        let log = File::create(&log_path)
            .with_context(|| format!("failed to write {}", log_path.display()))?;
        let program = std::env::current_exe().context("failed to find this program")?;
        let mut command = Command::new(program);
        command.args(self.arguments()).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        own_group(&mut command);
        let child = command.spawn().context("failed to start the port-forward")?;
        let pid = child.id();
        let started = start_time(pid).context("the port-forward ended at once")?;
        let record = Record { forward: self.clone(), pid, started };
        write_atomic(&record_path(root), &serde_json::to_string_pretty(&record)?)?;
        Ok(record)
    }
}

impl Record {
    /// Ends the process and what it started, and forgets it.
    pub fn stop(&self, root: &Path) -> Result<()> {
        let runs = || start_time(self.pid).as_ref() == Some(&self.started);
        end(self.pid, false);
        let limit = Instant::now() + GRACE;
        while runs() {
            if Instant::now() >= limit {
                end(self.pid, true);
                sleep(Duration::from_millis(100));
                break;
            }
            sleep(Duration::from_millis(20));
        }
        if runs() {
            bail!("the port-forward could not be ended: it is process {}", self.pid);
        }
        // Its kubectl holds the port, and may end a little later than it.
        while check_port(self.forward.port).is_err() && Instant::now() < limit {
            sleep(Duration::from_millis(20));
        }
        forget(root)
    }
}

/// Removes the record.
pub(in super::super) fn forget(root: &Path) -> Result<()> {
    match fs::remove_file(record_path(root)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context("failed to remove the record of the port-forward")
        }
        _ => Ok(()),
    }
}

/// The status that a path answers with; `None` if there is no answer.
pub(in super::super) fn status(port: u16, path: &str) -> Option<u16> {
    let limit = Duration::from_secs(3);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut head = [0; 64];
    let count = stream.read(&mut head).ok()?;
    let line = String::from_utf8_lossy(head.get(..count)?).into_owned();
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

/// When a process started, in whatever form the system says it; `None` if there is no such process,
/// or it has ended and only its parent does not know yet.
fn start_time(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in front may hold spaces and parentheses.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?;
        return fields.nth(18).filter(|_| state != "Z").map(str::to_owned);
    }
    output(Path::new("ps"), &["-o", "lstart=", "-p", &pid.to_string()])
}

/// Asks a process and its group to end, or ends them.
#[cfg(unix)]
fn end(pid: u32, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may have ended in this moment, which the caller looks at.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(not(unix))]
fn end(pid: u32, _: bool) {
    let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &pid.to_string()]).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward() -> Forward {
        Forward {
            kubeconfig: None,
            context: "kind-a".to_owned(),
            server: "https://127.0.0.1:6443".to_owned(),
            namespace: "shop".to_owned(),
            service: "web".to_owned(),
            service_port: 80,
            port: 7777,
        }
    }

    #[test]
    fn a_process_that_got_the_number_later_is_not_ours() {
        let root = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let write = |started: &str| {
            let record = Record { forward: forward(), pid, started: started.to_owned() };
            let path = record_path(root.path());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, serde_json::to_string(&record).unwrap()).unwrap();
        };
        assert_eq!(running(root.path()).unwrap(), None);
        write("long ago");
        assert_eq!(running(root.path()).unwrap(), None);
        write(&start_time(pid).unwrap());
        assert_eq!(running(root.path()).unwrap().map(|record| record.forward), Some(forward()));
        fs::write(record_path(root.path()), "{").unwrap();
        assert_eq!(running(root.path()).unwrap(), None);
        forget(root.path()).unwrap();
        forget(root.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn stopping_ends_the_process_and_its_children() {
        let root = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & wait"]).stdin(Stdio::null());
        own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let pid = child.id();
        let record = Record { forward: forward(), pid, started: start_time(pid).unwrap() };
        record.stop(root.path()).unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(start_time(pid), None);
    }

    #[test]
    fn a_taken_port_is_said() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check_port(port).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("port {port} is taken by another program: choose another with --port")
        );
        drop(listener);
        check_port(port).unwrap();
    }

    #[test]
    fn the_arguments_name_the_cluster() {
        assert_eq!(
            forward().arguments().join(" "),
            "port-forward --context kind-a --namespace shop service/web 7777:80"
        );
    }
}
