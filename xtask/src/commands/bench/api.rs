//! `bench api`: the service under load by wrk, with a real database server behind it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{
    super::{
        Context, Verdict,
        api::Environment,
        context::{note, print, table},
        tools::find,
    },
    measure::{Summary, machine, middle},
};

mod wrk;

use wrk::Load;

/// Measure the service in api/ under load
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask bench api --workers 1,2 --seconds 10 --runs 3")]
pub(super) struct Args {
    /// How many worker processes serve
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = clap::value_parser!(u32).range(1..=64))]
    workers: Vec<u32>,
    /// How long each run lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How many connections are open
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// How often each request is measured, after a short run that is not counted
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
}

/// A database server that ends when this does: it watches its standard input.
struct Database {
    child: Child,
    name: String,
    uri: String,
}

/// The service, with all its workers.
struct Server {
    child: Child,
    port: u16,
}

/// How many users are there when reading is measured: five pages.
const USERS: u32 = 100;

/// Sends unique users.
const POST: &str = include_str!("api/post.lua");

pub(super) fn run(args: &Args, context: &Context) -> Result<Verdict> {
    let Some(wrk) = find("wrk") else {
        bail!("wrk makes the load and is not installed: `apt install wrk` or `brew install wrk`");
    };
    let environment = Environment::prepare(context)?;
    let scratch = tempfile::tempdir().context("failed to make a temporary directory")?;
    let script = scratch.path().join("post.lua");
    fs::write(&script, POST).context("failed to write the script for wrk")?;
    let database = Database::start(&environment)?;
    print(&format!(
        "machine: {}\ndatabase: {}\n{USERS} users, {} connections, {} runs of {} s each: median (min-max)\n\n",
        machine(),
        database.name,
        args.connections,
        args.runs,
        args.seconds
    ))?;
    let header = ["workers", "request", "requests/s", "p99 ms", "failed", "memory MB"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for &workers in &args.workers {
        let name = format!("bench_{}_{workers}", std::process::id());
        let server = Server::start(&environment, &database, workers, &name, scratch.path())?;
        let user = server.create_users()?;
        // What makes users comes last: a list of many says more of the database than of the service.
        let requests: [(&str, &str, Option<&Path>); 3] = [
            ("GET /users/{id}", &user, None),
            ("GET /users/?limit=20", "/users/?limit=20", None),
            ("POST /users/", "/users/", Some(&script)),
        ];
        for (shown, path, script) in requests {
            note(&format!("{workers} workers: {shown} ..."));
            let url = format!("http://127.0.0.1:{}{path}", server.port);
            let load = |seconds| wrk::run(&wrk, &url, args.connections, seconds, script);
            load(2)?;
            let loads: Vec<Load> =
                (0..args.runs).map(|_| load(args.seconds)).collect::<Result<_>>()?;
            let of = |value: fn(&Load) -> f64| middle(loads.iter().map(value).collect());
            rows.push(vec![
                workers.to_string(),
                shown.to_owned(),
                spread(of(|load| load.rate), 0),
                spread(of(|load| load.p99), 1),
                loads.iter().map(|load| load.failed).sum::<u64>().to_string(),
                server
                    .memory()
                    .map_or_else(|| "-".to_owned(), |megabytes| format!("{megabytes:.0}")),
            ]);
        }
    }
    print(&table(&rows))?;
    Ok(Verdict::Clean)
}

fn spread(Summary { median, min, max }: Summary, digits: usize) -> String {
    format!("{median:.digits$} ({min:.digits$}-{max:.digits$})")
}

impl Database {
    /// The server that the tests of the service would use.
    fn start(environment: &Environment) -> Result<Self> {
        #[derive(Deserialize)]
        struct Started {
            name: String,
            uri: String,
        }
        let mut command = environment.module("tests.support", &["database"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start the database")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the database has no output")?;
        BufReader::new(stdout).read_line(&mut line).context("failed to read from the database")?;
        if line.is_empty() {
            // It has said why on the standard error.
            let _ = child.wait();
            bail!("no database server could be started");
        }
        let started: Started =
            serde_json::from_str(&line).context("the database did not say where it is")?;
        Ok(Self { child, name: started.name, uri: started.uri })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(
        environment: &Environment,
        database: &Database,
        workers: u32,
        name: &str,
        scratch: &Path,
    ) -> Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.context("failed to find a free port")?.port();
        let log = scratch.join(format!("{name}.log"));
        let output = fs::File::create(&log).context("failed to make a log file")?;
        let (port_text, workers) = (port.to_string(), workers.to_string());
        let arguments = ["app.main:app", "--port", &port_text, "--workers", &workers];
        let child = environment
            .module("uvicorn", &arguments)
            .arg("--no-access-log")
            .env("MONGODB_URI", &database.uri)
            .env("MONGODB_DATABASE", name)
            .env("LOG_LEVEL", "WARNING")
            .env("SHUTDOWN_DELAY_SECONDS", "0")
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("failed to share the log file")?)
            .stderr(output)
            .spawn()
            .context("failed to start the service")?;
        let mut server = Self { child, port };
        let deadline = Instant::now() + Duration::from_mins(1);
        while server.status("/readyz").ok() != Some(200) {
            let ended = server.child.try_wait().context("failed to ask for the service")?;
            if ended.is_some() || Instant::now() > deadline {
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!("the service does not become ready:\n{}", said.trim());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(server)
    }

    fn status(&self, path: &str) -> Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = self.answer(&request)?;
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        status.context("that is no HTTP")
    }

    /// Makes the users that are read, and returns the path of one.
    fn create_users(&self) -> Result<String> {
        let mut path = String::new();
        for number in 0..USERS {
            path = self.create_user(number)?;
        }
        Ok(path)
    }

    fn create_user(&self, number: u32) -> Result<String> {
        let body = format!(r#"{{"name": "Ada Lovelace", "email": "ada-{number}@example.com"}}"#);
        let answer = self.answer(&format!(
            "POST /users/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))?;
        let location = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
        });
        let location = location.context("POST /users/ made no user")?;
        // A location may be a whole URL.
        let path = location.split_once("://").map_or(location.as_str(), |(_, rest)| {
            rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/"))
        });
        ensure!(path.starts_with("/users/"), "POST /users/ answers with Location: {location}");
        Ok(path.to_owned())
    }

    fn answer(&self, request: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The memory of all its processes that no other process has too, in megabytes; `None` where
    /// the system does not tell.
    fn memory(&self) -> Option<f64> {
        let mut processes = vec![self.child.id()];
        let mut kilobytes = 0.0;
        while let Some(process) = processes.pop() {
            let proc = PathBuf::from(format!("/proc/{process}"));
            let rollup = fs::read_to_string(proc.join("smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            kilobytes += line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()?;
            let children = fs::read_to_string(proc.join(format!("task/{process}/children")));
            let children = children.unwrap_or_default();
            processes.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
        Some(kilobytes / 1000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // With SIGKILL the workers would outlive their parent.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(&id).status();
        let _ = self.child.wait();
    }
}
