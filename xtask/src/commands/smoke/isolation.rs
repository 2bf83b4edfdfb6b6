//! Who reaches the database, and what the API reaches.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    super::cluster::{
        json::{list, text},
        kubectl::CALL,
        state::is_ready,
        wait::snapshot,
    },
    API, Address, DATABASE, Shown, Smoke,
    pods::{Reach, Role},
};

/// Says of an address whether a connection is made, from inside the API's container.
const CONNECT: &str = "
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()
    print('connected')
except socket.gaierror as error:
    print('unclear', error)
except OSError as error:
    print('refused', error)
";

impl Smoke<'_> {
    /// Only what has the API's labels reaches the database.
    pub(super) fn isolation(&mut self) -> Result<Shown> {
        self.start(&[Role::Client, Role::LikeApi, Role::Stranger, Role::Open])?;
        let database = self.database()?;
        // The control: the same pod but for its labels, so nothing else can be what refuses.
        let control = self.connects(Role::LikeApi, &database)?;
        ensure!(
            control == Reach::Connected,
            "the control failed: a pod with the labels of the API does not reach the database: \
             {control}"
        );
        let mut refused = Vec::new();
        for (role, who) in [
            (Role::Stranger, "a pod without labels"),
            // Its way out is open: it is the database that lets nobody in.
            (Role::Open, "a pod that may reach everything"),
            (Role::Client, "the client"),
        ] {
            match self.connects(role, &database)? {
                Reach::Connected => bail!("{who} reaches the database at {database}"),
                Reach::Refused(_) => refused.push(who),
                Reach::Unclear(why) => bail!("{who}: it cannot be told: {why}"),
            }
        }
        let kubernetes = self.kubernetes()?;
        let open = self.connects(Role::Open, &kubernetes)?;
        ensure!(
            open == Reach::Connected,
            "the control failed: a pod that may reach everything does not reach {kubernetes}: {open}"
        );
        self.end(Role::LikeApi)?;
        Ok(Shown::Yes(format!(
            "a pod with the labels of the API connects, these do not: {}",
            refused.join(", ")
        )))
    }

    /// The API does not reach the API server.
    pub(super) fn kubernetes_api(&mut self) -> Result<Shown> {
        let address = self.kubernetes()?;
        self.is_closed_to_the_api(&address)
    }

    /// The API does not reach an address outside of the cluster.
    pub(super) fn internet(&mut self) -> Result<Shown> {
        self.is_closed_to_the_api(&self.args.internet.clone())
    }

    fn is_closed_to_the_api(&mut self, address: &Address) -> Result<Shown> {
        self.start(&[Role::Open])?;
        let pod = self.api_pod()?;
        // The first control: the way in which it is tried works for what is allowed.
        let database = self.database()?;
        let control = self.connects_from_the_api(&pod, &database)?;
        ensure!(
            control == Reach::Connected,
            "the control failed: the API does not reach the database at {database}: {control}"
        );
        let reached = self.connects_from_the_api(&pod, address)?;
        // The second: another pod reaches it, so it is the policies that refuse.
        let open = self.connects(Role::Open, address)?;
        match (reached, open) {
            (Reach::Connected, _) => bail!("the API reaches {address}"),
            (_, Reach::Refused(_) | Reach::Unclear(_)) => {
                Ok(Shown::Nothing(format!("this cluster has no way to {address}")))
            }
            (Reach::Unclear(why), _) => bail!("whether the API reaches {address}: {why}"),
            (Reach::Refused(why), Reach::Connected) => Ok(Shown::Yes(format!(
                "{address}: {why}; a pod that may reach everything connects"
            ))),
        }
    }

    /// Whether the API can connect to an address, asked in its own container.
    fn connects_from_the_api(&self, pod: &Value, to: &Address) -> Result<Reach> {
        let name = text(pod, "/metadata/name");
        let words = ["exec", "--namespace", self.namespace(), name, "--container"];
        let container = text(pod, "/spec/containers/0/name");
        let port = to.port.to_string();
        let script = ["--", "python3", "-c", CONNECT, &to.host, &port];
        let words = [&words[..], &[container], &script].concat();
        let output = self.kubectl.call(&words, String::new(), CALL)?;
        let said = output.stdout.trim();
        let (word, why) = said.split_once(' ').unwrap_or((said, ""));
        match word {
            "connected" => Ok(Reach::Connected),
            "refused" => Ok(Reach::Refused(why.to_owned())),
            "unclear" => Ok(Reach::Unclear(why.to_owned())),
            _ => bail!("python3 in {name}: {}", output.reason()),
        }
    }

    /// A pod of the API that is ready.
    fn api_pod(&self) -> Result<Value> {
        let pods = self.api_pods()?;
        pods.into_iter().find(is_ready).context("no pod of the API is ready")
    }

    /// The pods of the API that are not being deleted.
    pub(super) fn api_pods(&self) -> Result<Vec<Value>> {
        let now = snapshot(&self.kubectl, self.namespace())?;
        let deployment =
            now.find("Deployment", API).context("there is no Deployment of the API")?;
        let mut pods: Vec<Value> = now.pods(deployment).into_iter().cloned().collect();
        pods.retain(|pod| pod.pointer("/metadata/deletionTimestamp").is_none());
        Ok(pods)
    }

    /// The address of the database pod: no name is needed to reach it.
    fn database(&self) -> Result<Address> {
        let name = format!("{DATABASE}-0");
        let pod = self.kubectl.find(self.namespace(), "pod", &name)?;
        let pod = pod.with_context(|| format!("there is no pod {name}"))?;
        let port = container_port(&pod).with_context(|| format!("{name} has no port"))?;
        Ok(Address { host: text(&pod, "/status/podIP").to_owned(), port })
    }

    /// The address of the API server inside the cluster.
    fn kubernetes(&self) -> Result<Address> {
        let service = self.kubectl.find("default", "service", "kubernetes")?;
        let service = service.context("there is no Service kubernetes")?;
        let port =
            list(&service, "/spec/ports").first().and_then(|port| port.get("port")?.as_u64());
        let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(443);
        Ok(Address { host: text(&service, "/spec/clusterIP").to_owned(), port })
    }
}

/// The first port that a pod's containers name.
pub(super) fn container_port(pod: &Value) -> Option<u16> {
    let containers = list(pod, "/spec/containers").iter();
    let port = containers.flat_map(|container| list(container, "/ports")).next()?;
    u16::try_from(port.get("containerPort")?.as_u64()?).ok()
}
