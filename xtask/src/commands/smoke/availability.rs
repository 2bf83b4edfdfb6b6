//! What happens when the database is away, and when a pod of the API is.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    super::{
        cluster::{
            json::{list, number, text},
            process::Running,
            state::is_ready,
            steps::seconds,
        },
        context::note,
    },
    API, DATABASE, RECOVERY, Shown, Smoke,
    isolation::container_port,
    pods::Role,
    requests::Answer,
};

/// How soon the API must not be ready any more.
const RED: Duration = Duration::from_secs(15);

/// How soon a request must be answered.
const PATIENCE: f64 = 2.0;

/// How long the pods of the database may take to end.
const SHUTDOWN: Duration = Duration::from_secs(150);

/// How long the requests of the last step may take.
const LOOP_TIMEOUT: Duration = Duration::from_mins(15);

/// Sends requests one after another, each on a connection of its own, until there were enough and
/// the file says that it is over. One process for a batch: it starts slower than it sends.
const LOOP: &str = r#"
rm -f /tmp/smoke-over
sent=0
while [ "$sent" -lt "$1" ] || [ ! -e /tmp/smoke-over ]; do
  curl --silent --output /dev/null --connect-timeout 3 --max-time 10 \
    --header 'Connection: close' \
    --write-out '%{http_code} %{num_connects} %{time_total} %{errormsg}\n' "$API_URL$2#[1-25]"
  sent=$((sent + 25))
done
"#;

/// What came of the requests.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tally {
    sent: usize,
    failed: Vec<String>,
    /// Requests that did not make one connection of their own.
    reused: usize,
    slowest: f64,
}

impl Smoke<'_> {
    /// Without the database the API says so at once, and it recovers by itself.
    pub(super) fn readiness(&mut self) -> Result<Shown> {
        self.start(&[Role::Client])?;
        let pods = self.api_pods()?;
        let urls = urls(&pods)?;
        for url in &urls {
            let answer = self.request(url, &[])?;
            ensure!(
                answer.status == 200,
                "the control failed: {url} answers {} while the database is there",
                answer.status
            );
        }
        let before = restarts(&pods);
        self.scale("StatefulSet", DATABASE, 0)?;
        self.until("the database pods end", SHUTDOWN, || {
            let name = format!("{DATABASE}-0");
            Ok(self.kubectl.find(self.namespace(), "pod", &name)?.is_none().then_some(()))
        })?;
        let start = Instant::now();
        let mut slowest = 0.0;
        for url in &urls {
            slowest = unavailable(url, &self.request(url, &[])?)?.max(slowest);
        }
        self.until("no pod of the API is ready", RED.saturating_sub(start.elapsed()), || {
            Ok((!self.api_pods()?.iter().any(is_ready)).then_some(()))
        })?;
        let red = start.elapsed();
        for url in &urls {
            slowest = unavailable(url, &self.request(url, &[])?)?.max(slowest);
        }
        let start = Instant::now();
        self.restore(DATABASE)?;
        self.until_ready("Deployment", API)?;
        let after = restarts(&self.api_pods()?);
        ensure!(before == after, "the API was started again: {before:?} became {after:?}");
        Ok(Shown::Yes(format!(
            "not ready {} after the database was gone, 503 with Retry-After in {slowest:.2} s at \
             most, ready again {} after it was started, no restart",
            seconds(red),
            seconds(start.elapsed())
        )))
    }

    /// With two pods, the deletion of one drops no request.
    pub(super) fn replacement(&mut self) -> Result<Shown> {
        self.start(&[Role::Client])?;
        let user = self.marker()?;
        self.scale("Deployment", API, 2)?;
        self.until_ready("Deployment", API)?;
        self.until("two pods of the API get requests", Duration::from_secs(30), || {
            Ok((self.endpoints()? == 2).then_some(()))
        })?;

        let wanted = self.args.requests;
        let path = format!("/users/{}", user.id);
        let mut requests = self.start_shell(Role::Client, LOOP, &[&wanted.to_string(), &path])?;
        let quarter = usize::try_from(wanted).unwrap_or(usize::MAX) / 4;
        let before = self.until("the first requests", Duration::from_mins(5), || {
            let sent = tally(&requests.printed()).sent;
            still_runs(&mut requests)?;
            Ok((sent >= quarter).then_some(sent))
        })?;
        let victim = self.api_pods()?.into_iter().find(is_ready).context("no pod is ready")?;
        let victim = text(&victim, "/metadata/name").to_owned();
        let args = ["delete", "--namespace", self.namespace(), "pod", &victim, "--wait=false"];
        self.kubectl.text(&args)?;
        note(&format!("    deleted {victim} after {before} requests"));
        self.until("the pod is gone", RECOVERY, || {
            Ok(self.kubectl.find(self.namespace(), "pod", &victim)?.is_none().then_some(()))
        })?;
        self.until_ready("Deployment", API)?;
        self.shell(Role::Client, "touch /tmp/smoke-over", &[], Duration::from_secs(30))?;
        let output = requests.wait(LOOP_TIMEOUT)?;
        let tally = tally(&output.stdout);
        ensure!(output.status.success(), "the requests ended early: {}", output.reason());
        if let Some(first) = tally.failed.first() {
            bail!("{} of {} requests failed; the first: {first}", tally.failed.len(), tally.sent);
        }
        ensure!(
            tally.sent >= usize::try_from(wanted).unwrap_or(usize::MAX) && tally.sent > before,
            "only {} requests were sent, {before} of them before a pod was deleted",
            tally.sent
        );
        ensure!(tally.reused == 0, "{} requests had no connection of their own", tally.reused);
        self.restore(API)?;
        Ok(Shown::Yes(format!(
            "0 of {} requests failed, {} of them after a pod was deleted; the slowest took {:.2} s",
            tally.sent,
            tally.sent - before,
            tally.slowest
        )))
    }

    /// How many pods get the requests to the API.
    fn endpoints(&self) -> Result<usize> {
        let deployment = self.manifests.find("Deployment", API)?;
        let service = self.manifests.service_of(deployment).context("the API has no Service")?;
        let selector = format!("kubernetes.io/service-name={}", service.name());
        let slices = self.kubectl.get(&[
            "--namespace",
            self.namespace(),
            "endpointslices",
            "-l",
            &selector,
        ])?;
        let ready = |endpoint: &&Value| {
            endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true)
        };
        Ok(slices.iter().flat_map(|slice| list(slice, "/endpoints")).filter(ready).count())
    }
}

/// What needs the database, of each pod by its own address: the Service has none that is ready.
fn urls(pods: &[Value]) -> Result<Vec<String>> {
    let url = |pod: &Value| {
        let port = container_port(pod).context("the API has no port")?;
        let ip = text(pod, "/status/podIP");
        let host = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
        Ok(format!("http://{host}:{port}/users/?limit=1"))
    };
    pods.iter().map(url).collect()
}

/// Fails if an answer is not what a client needs to try again; the seconds that it took.
fn unavailable(url: &str, answer: &Answer) -> Result<f64> {
    ensure!(answer.status == 503, "{url} answers {} without a database", answer.status);
    ensure!(!answer.retry_after.is_empty(), "{url} answers 503 without Retry-After");
    ensure!(
        answer.seconds <= PATIENCE,
        "{url} takes {:.1} s to answer without a database, over {PATIENCE} s",
        answer.seconds
    );
    Ok(answer.seconds)
}

/// The containers by name, and how often each was started again.
fn restarts(pods: &[Value]) -> Vec<(String, i64)> {
    let of = |pod: &Value| {
        let name = text(pod, "/metadata/name");
        let statuses = list(pod, "/status/containerStatuses").iter();
        let count = statuses.map(|status| number(status, "/restartCount")).sum();
        (name.to_owned(), count)
    };
    let mut all: Vec<_> = pods.iter().map(of).collect();
    all.sort();
    all
}

fn still_runs(requests: &mut Running) -> Result<()> {
    ensure!(!requests.has_ended()?, "the requests ended early: {}", requests.printed());
    Ok(())
}

/// Reads a line for each request: status, connections, seconds, reason.
fn tally(printed: &str) -> Tally {
    let mut tally = Tally::default();
    for line in printed.lines().filter(|line| !line.is_empty()) {
        let mut words = line.splitn(4, ' ');
        let (status, connections) = (words.next().unwrap_or_default(), words.next());
        let time = words.next().and_then(|time| time.parse::<f64>().ok()).unwrap_or_default();
        tally.sent += 1;
        tally.slowest = tally.slowest.max(time);
        if status != "200" {
            let number = tally.sent;
            tally.failed.push(format!("number {number}: {line}"));
        } else if connections != Some("1") {
            tally.reused += 1;
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_request_counts() {
        let tally = tally("200 1 0.01 \n200 0 0.02 \n000 0 3.00 Connection refused\n503 1 0.01 \n");
        assert_eq!((tally.sent, tally.reused, tally.failed.len()), (4, 1, 2));
        assert_eq!(tally.failed[0], "number 3: 000 0 3.00 Connection refused");
        assert!(tally.slowest > 2.9);
    }

    #[test]
    fn an_outage_is_answered_in_time_and_says_when_to_come_back() {
        let answer = |status, seconds, retry_after: &str| Answer {
            status,
            seconds,
            retry_after: retry_after.to_owned(),
            body: String::new(),
        };
        assert!(unavailable("u", &answer(503, 1.5, "2")).is_ok());
        assert!(unavailable("u", &answer(500, 1.5, "2")).is_err());
        assert!(unavailable("u", &answer(503, 2.5, "2")).is_err());
        assert!(unavailable("u", &answer(503, 1.5, "")).is_err());
    }

    #[test]
    fn a_pod_is_asked_by_its_own_address() {
        let pod = |ip: &str| {
            json!({"spec": {"containers": [{"ports": [{"containerPort": 8000}]}]},
                "status": {"podIP": ip}})
        };
        let found = urls(&[pod("10.0.0.1"), pod("fd00::1")]).unwrap();
        let expected =
            ["http://10.0.0.1:8000/users/?limit=1", "http://[fd00::1]:8000/users/?limit=1"];
        assert_eq!(found, expected);
    }
}
