//! The pods that the steps work from, made of the template of the client's Job: the same image, and
//! the same security context, so that they are allowed wherever the Job is.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{
    super::cluster::{
        SMOKE_LABEL,
        json::{holds, text},
        kubectl::CALL,
        manifests::{Manifests, pairs},
        process::{Output, Running},
    },
    API, Address, CLIENT, RECOVERY, Smoke,
};

/// A condition that nobody sets, so that a pod never becomes ready: no Service sends requests to
/// one that only looks like the API.
const NEVER_READY: &str = "users-service.example.com/never";

/// When a pod ends by itself, should nobody be left to delete it.
const LIFETIME_SECONDS: u32 = 3600;

/// Some networks take a moment until the policies hold for a new pod.
const SETTLING: Duration = Duration::from_secs(2);

/// How long a connection may take before it counts as refused.
const CONNECT_SECONDS: &str = "3";

/// Who a pod is for the network policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// As the client's Job: it may call the API.
    Client,
    /// As the API, with everything that it may reach.
    LikeApi,
    /// Nobody that a policy knows.
    Stranger,
    /// As a stranger, and a policy lets it reach everything.
    Open,
}

/// Whether a connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Connected,
    Refused(String),
    /// It was not even tried: a name that is not known, for example.
    Unclear(String),
}

impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connected => f.write_str("it connects"),
            Self::Refused(why) | Self::Unclear(why) => f.write_str(why),
        }
    }
}

/// What pods are made of.
pub(super) struct Pods {
    template: Value,
    api_labels: Vec<(String, String)>,
    started: BTreeSet<Role>,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "smoke-client",
            Self::LikeApi => "smoke-like-api",
            Self::Stranger => "smoke-stranger",
            Self::Open => "smoke-open",
        }
    }
}

impl Pods {
    pub fn new(manifests: &Manifests) -> Result<Self> {
        let template = |kind, name| -> Result<Value> {
            let object = &manifests.find(kind, name)?.object;
            object.pointer("/spec/template").cloned().with_context(|| format!("{kind} {name}"))
        };
        let api = template("Deployment", API)?;
        Ok(Self {
            template: template("Job", CLIENT)?,
            api_labels: pairs(&api, "/metadata/labels"),
            started: BTreeSet::new(),
        })
    }

    /// The pod of a role.
    fn pod(&self, role: Role) -> Result<Value> {
        let mut labels: BTreeMap<String, String> = match role {
            Role::Client => pairs(&self.template, "/metadata/labels").into_iter().collect(),
            Role::LikeApi => self.api_labels.iter().cloned().collect(),
            Role::Stranger | Role::Open => BTreeMap::new(),
        };
        labels.insert(SMOKE_LABEL.to_owned(), role.name().to_owned());
        let mut spec = self.template.pointer("/spec").cloned().unwrap_or_default();
        let fields = spec.as_object_mut().context("the Job has no pod")?;
        fields.insert("restartPolicy".to_owned(), "Never".into());
        // The first process of a container is not ended by SIGTERM, and there is nothing to save.
        fields.insert("terminationGracePeriodSeconds".to_owned(), 1.into());
        fields.insert("activeDeadlineSeconds".to_owned(), LIFETIME_SECONDS.into());
        if role == Role::LikeApi {
            fields.insert("readinessGates".to_owned(), json!([{"conditionType": NEVER_READY}]));
        }
        let container = spec.pointer_mut("/containers/0").and_then(Value::as_object_mut);
        let container = container.context("the Job has no container")?;
        container.remove("args");
        container.insert("command".to_owned(), json!(["sleep", LIFETIME_SECONDS.to_string()]));
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": role.name(), "labels": labels},
            "spec": spec,
        }))
    }
}

/// Lets the pods of one role reach everything.
fn open_policy() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": Role::Open.name(),
            "labels": {SMOKE_LABEL: Role::Open.name()},
        },
        "spec": {
            "podSelector": {"matchLabels": {SMOKE_LABEL: Role::Open.name()}},
            "policyTypes": ["Egress"],
            "egress": [{}],
        },
    })
}

impl Smoke<'_> {
    /// Starts the pods of these roles, as far as they do not run yet.
    pub(super) fn start(&mut self, roles: &[Role]) -> Result<()> {
        let new: Vec<Role> =
            roles.iter().copied().filter(|role| !self.pods.started.contains(role)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut items = Vec::new();
        for role in &new {
            if *role == Role::Open {
                items.push(open_policy());
            }
            items.push(self.pods.pod(*role)?);
        }
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let args = ["create", "--namespace", self.namespace(), "--filename", "-"];
        let output = self.kubectl.call(&args, list, CALL)?;
        ensure!(output.status.success(), "the test pods were refused: {}", output.reason());
        self.until("the test pods start", RECOVERY, || {
            let pods =
                self.kubectl.get(&["--namespace", self.namespace(), "pods", "-l", SMOKE_LABEL])?;
            let started = |role: &Role| {
                pods.iter().any(|pod| {
                    text(pod, "/metadata/name") == role.name() && holds(pod, "ContainersReady")
                })
            };
            Ok(new.iter().all(started).then_some(()))
        })?;
        self.pods.started.extend(new);
        self.kubectl.interrupt.sleep(SETTLING)
    }

    /// Deletes the pod of a role.
    pub(super) fn end(&mut self, role: Role) -> Result<()> {
        self.pods.started.remove(&role);
        let args = ["delete", "--namespace", self.namespace(), "pod", role.name()];
        self.kubectl.text(&[&args[..], &["--ignore-not-found"]].concat()).map(drop)
    }

    /// Deletes everything that was made here, also by a run that was killed.
    pub(super) fn remove_leftovers(&mut self) -> Result<()> {
        self.pods.started.clear();
        let args =
            ["delete", "--namespace", self.namespace(), "pods,networkpolicies", "-l", SMOKE_LABEL];
        self.kubectl.text(&[&args[..], &["--ignore-not-found"]].concat()).map(drop)
    }

    /// Runs a script in the pod of a role.
    pub(super) fn shell(
        &self,
        role: Role,
        script: &str,
        args: &[&str],
        timeout: Duration,
    ) -> Result<Output> {
        self.start_shell(role, script, args)?.wait(timeout)
    }

    /// Starts a script in the pod of a role.
    pub(super) fn start_shell(&self, role: Role, script: &str, args: &[&str]) -> Result<Running> {
        let words =
            ["exec", "--namespace", self.namespace(), role.name(), "--", "sh", "-c", script];
        let words = [&words[..], &["sh"], args].concat();
        self.kubectl.start(&words, String::new())
    }

    /// Whether the pod of a role can connect to an address.
    pub(super) fn connects(&self, role: Role, to: &Address) -> Result<Reach> {
        let script = "curl --silent --output /dev/null --connect-timeout \"$1\" --max-time 10 \
                      --write-out '%{time_connect} %{exitcode} %{errormsg}' \"http://$2/\"";
        let host = if to.host.contains(':') { format!("[{}]", to.host) } else { to.host.clone() };
        let url = format!("{host}:{}", to.port);
        let output = self.shell(role, script, &[CONNECT_SECONDS, &url], CALL)?;
        reach(&output.stdout).with_context(|| format!("{}: {}", role.name(), output.reason()))
    }
}

/// Reads what curl says of a connection: the time until it was made, its status, and the reason.
fn reach(said: &str) -> Result<Reach> {
    let mut words = said.trim().splitn(3, ' ');
    let (Some(time), Some(status)) = (words.next(), words.next()) else {
        bail!("curl said nothing of the connection: {said:?}");
    };
    let connected = time.parse::<f64>().is_ok_and(|time| time > 0.0);
    let why = words.next().unwrap_or_default().to_owned();
    Ok(match status {
        _ if connected => Reach::Connected,
        // The two that tell of the connection itself: refused or unreachable, and no answer.
        "7" | "28" => Reach::Refused(why),
        _ => Reach::Unclear(why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods() -> Pods {
        let container = json!({"name": "c", "image": "curl:1", "args": ["x"], "command": ["y"],
            "securityContext": {"readOnlyRootFilesystem": true}});
        Pods {
            template: json!({
                "metadata": {"labels": {"app": "client"}},
                "spec": {"securityContext": {"runAsUser": 1}, "containers": [container]},
            }),
            api_labels: vec![("app".to_owned(), "api".to_owned())],
            started: BTreeSet::new(),
        }
    }

    #[test]
    fn a_pod_is_as_the_job_s_and_only_its_labels_say_who_it_is() {
        let of = |role| pods().pod(role).unwrap();
        let label = |pod: &Value, key: &str| {
            pod.pointer("/metadata/labels").and_then(|all| all.get(key)).cloned()
        };
        let client = of(Role::Client);
        assert_eq!(label(&client, "app"), Some("client".into()));
        assert_eq!(client.pointer("/spec/securityContext/runAsUser"), Some(&json!(1)));
        assert_eq!(client.pointer("/spec/containers/0/command"), Some(&json!(["sleep", "3600"])));
        assert_eq!(client.pointer("/spec/containers/0/args"), None);
        assert_eq!(client.pointer("/spec/readinessGates"), None);
        let api = of(Role::LikeApi);
        assert_eq!(label(&api, "app"), Some("api".into()));
        assert!(api.pointer("/spec/readinessGates").is_some());
        assert_eq!(label(&of(Role::Stranger), "app"), None);
        assert_eq!(label(&of(Role::Open), SMOKE_LABEL), Some("smoke-open".into()));
    }

    #[test]
    fn a_name_that_is_not_known_is_not_a_refusal() {
        let of = |said| reach(said).unwrap();
        assert_eq!(of("0.000321 52 Empty reply from server"), Reach::Connected);
        assert_eq!(of("0.000000 7 refused"), Reach::Refused("refused".to_owned()));
        assert_eq!(of("0.000000 28 timed out"), Reach::Refused("timed out".to_owned()));
        assert_eq!(of("0.000000 6 no such name"), Reach::Unclear("no such name".to_owned()));
        assert!(reach("").is_err());
    }
}
