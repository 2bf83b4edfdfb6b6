//! Runs the image as the cluster does: without a writable file system, a capability or a database.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    super::{
        Verdict,
        context::{counted, print},
        tools::{find, output},
    },
    Builder, Built,
};

/// As the security context of base/sample-api asks for.
const HARDENED: &[&str] = &[
    "--read-only",
    "--tmpfs",
    "/tmp:rw,noexec,nosuid,size=16m",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--user",
    "10001:10001",
    "--memory",
    "256m",
    "--pids-limit",
    "100",
];

/// Nothing listens there, so the API has settings and no database.
const NO_DATABASE: &str = "MONGODB_HOSTS=127.0.0.1:1";

/// Prints the status of a path of the API, from inside the container: no port is published.
const STATUS: &str = "
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen('http://127.0.0.1:8000' + sys.argv[1], timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code)
";

/// Prints what the process could do that it should not.
const POWERS: &str = "
import os, pathlib, shutil, tempfile
found = [name for name in ('pip', 'pipenv', 'gcc', 'cc', 'make', 'git', 'curl') if shutil.which(name)]
if os.getuid() != 10001 or os.getgid() != 10001:
    found.append(f'runs as {os.getuid()}:{os.getgid()}')
for directory in ('/', '/app', '/usr/local/bin', os.getcwd()):
    try:
        pathlib.Path(directory, 'probe').write_text('')
        found.append(f'writes to {directory}')
    except OSError:
        pass
tempfile.TemporaryFile().close()
status = dict(line.split(':', 1) for line in open('/proc/1/status') if ':' in line)
if int(status['CapEff'], 16) or int(status['CapBnd'], 16):
    found.append('has capabilities')
if status['NoNewPrivs'].strip() != '1':
    found.append('may gain privileges')
print(', '.join(found) or 'nothing')
";

/// Takes the engine and the image, and says what it saw.
type Check = fn(&Engine, &str) -> Result<String>;

/// A program that runs containers, with an image in its storage.
struct Engine {
    name: &'static str,
    program: PathBuf,
}

/// A container that is removed at the end, whatever happens.
struct Container<'engine> {
    engine: &'engine Engine,
    name: String,
}

/// The program that runs what `builder` builds; buildah shares the storage of podman.
pub(super) fn engine(builder: Option<Builder>) -> Result<()> {
    let (builder, _) = super::choose(builder)?;
    find_engine(builder).map(drop)
}

fn find_engine(builder: Builder) -> Result<Engine> {
    let name = if builder == Builder::Docker { "docker" } else { "podman" };
    let program = find(name)
        .with_context(|| format!("--smoke runs the image with {name}, which is not installed"))?;
    Ok(Engine { name, program })
}

/// Prints what was checked, and stops at the first failure.
pub(super) fn run(built: &Built) -> Result<Verdict> {
    let engine = find_engine(built.builder)?;
    let facts = "{{.Size}} {{len .RootFS.Layers}}";
    let facts = output(&engine.program, &["image", "inspect", "--format", facts, &built.id]);
    if let Some((size, layers)) = facts.as_deref().and_then(|line| line.split_once(' ')) {
        let layers = counted(layers.parse().unwrap_or(0), "layer");
        print(&format!("size: {:.1} MB in {layers}\n", size.parse::<f64>().unwrap_or(0.0) / 1e6))?;
    }
    let checks: [(&str, Check); 2] =
        [("refuses to start without settings", bad_settings), ("runs hardened", hardened)];
    for (name, check) in checks {
        match check(&engine, &built.id) {
            Ok(detail) => print(&format!("ok      {name}: {detail}\n"))?,
            Err(error) => {
                print(&format!("FAILED  {name}: {error:#}\n"))?;
                return Ok(Verdict::Failed);
            }
        }
    }
    Ok(Verdict::Clean)
}

fn bad_settings(engine: &Engine, image: &str) -> Result<String> {
    let start = Instant::now();
    let container = Container::start(engine, image, &[])?;
    let status = engine.line(&["wait", &container.name])?;
    let took = start.elapsed();
    let said = container.logs()?;
    ensure!(
        status != "0",
        "it ends as if all were well, and nothing tells it where its database is"
    );
    ensure!(said.lines().count() == 1, "it should say why in one line, and says: {said}");
    Ok(format!("{said} ({} ms with the start of the container)", took.as_millis()))
}

fn hardened(engine: &Engine, image: &str) -> Result<String> {
    let start = Instant::now();
    let container = Container::start(engine, image, &["--env", NO_DATABASE])?;
    let deadline = start + Duration::from_secs(20);
    while container.status("/healthz").ok().as_deref() != Some("200") {
        if Instant::now() > deadline {
            bail!("/healthz does not answer: {}", container.logs()?);
        }
        sleep(Duration::from_millis(100));
    }
    let started = start.elapsed();
    let ready = container.status("/readyz")?;
    ensure!(ready == "503", "/readyz answers {ready} where there is no database");
    let powers = container.python(&[POWERS])?;
    ensure!(powers == "nothing", "it should not: {powers}");
    container.check_health()?;
    let start = Instant::now();
    engine.line(&["stop", "--time", "30", &container.name])?;
    let stopped = start.elapsed();
    let status = engine.line(&["inspect", "--format", "{{.State.ExitCode}}", &container.name])?;
    ensure!(status == "0", "it ends with {status} on SIGTERM: {}", container.logs()?);
    Ok(format!(
        "answers after {} ms, ends with 0 after {} ms, as user 10001 without capabilities on a \
         read-only file system",
        started.as_millis(),
        stopped.as_millis()
    ))
}

impl Engine {
    fn run(&self, arguments: &[&str]) -> Result<Output> {
        Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("failed to run {}", self.program.display()))
    }

    /// What a successful command prints.
    fn line(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        let word = arguments.first().copied().unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} {word} failed: {}", self.name, said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl<'engine> Container<'engine> {
    fn start(engine: &'engine Engine, image: &str, options: &[&str]) -> Result<Self> {
        let name = format!("users-service-smoke-{}", std::process::id());
        // Before it is there: one that cannot be started is left behind by some engines.
        let container = Self { engine, name };
        let named = ["run", "--detach", "--name", &container.name];
        engine.line(&[&named, options, HARDENED, &[image]].concat())?;
        Ok(container)
    }

    fn python(&self, arguments: &[&str]) -> Result<String> {
        self.engine.line(&[&["exec", &self.name, "python3", "-c"], arguments].concat())
    }

    fn status(&self, path: &str) -> Result<String> {
        self.python(&[STATUS, path])
    }

    /// Runs the command of HEALTHCHECK. That it is run at intervals is the engine's part.
    fn check_health(&self) -> Result<()> {
        let format = "{{json .Config.Healthcheck.Test}}";
        let test = self.engine.line(&["inspect", "--format", format, &self.name])?;
        let test: Vec<String> =
            serde_json::from_str(&test).context("the image has no HEALTHCHECK")?;
        let Some(("CMD", command)) = test.split_first().map(|(form, rest)| (form.as_str(), rest))
        else {
            bail!("HEALTHCHECK is not in exec form");
        };
        let mut arguments = vec!["exec", self.name.as_str()];
        arguments.extend(command.iter().map(String::as_str));
        self.engine.line(&arguments).context("HEALTHCHECK")?;
        Ok(())
    }

    fn logs(&self) -> Result<String> {
        let output = self.engine.run(&["logs", "--tail", "5", &self.name])?;
        let text = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // Nothing can be done about a container that cannot be removed.
        let _ = self.engine.run(&["rm", "--force", &self.name]);
    }
}
