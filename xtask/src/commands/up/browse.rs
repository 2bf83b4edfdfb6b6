//! The way from this machine to the API.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    super::{
        Context,
        cluster::{
            forward::{self, Forward},
            manifests::{Manifest, Manifests},
        },
        context::{note, print},
    },
    Up,
};

/// The pages that a person wants to see.
const PAGES: &[&str] = &["docs", "users/", "readyz"];

/// How many lines of the log are shown when the port-forward does not work.
const LOG_LINES: usize = 5;

/// The Service to forward to, and its port: that of what is built here, or the first that there is.
pub(super) fn entry(manifests: &Manifests) -> Result<Option<(&Manifest, u16)>> {
    let built = manifests.local_image()?.and_then(|image| manifests.running(image).next());
    let deployments = manifests.iter().filter(|one| one.kind() == "Deployment");
    let service = built.into_iter().chain(deployments).find_map(|one| manifests.service_of(one));
    let Some(service) = service else { return Ok(None) };
    let port = service.object.pointer("/spec/ports/0/port").and_then(serde_json::Value::as_u64);
    let port = port.and_then(|port| u16::try_from(port).ok());
    Ok(Some((service, port.with_context(|| format!("{} has no port", service.label()))?)))
}

/// Fails if something else than our port-forward listens on the port.
pub(super) fn check_port(context: &Context, port: u16) -> Result<()> {
    match forward::running(&context.root)? {
        Some(record) if record.forward.port == port => Ok(()),
        _ => forward::check_port(port),
    }
}

impl Up<'_> {
    /// Forwards a port to the API and says where it is; whether it answers.
    pub(super) fn browse(&self) -> Result<bool> {
        let Some((service, service_port)) = entry(&self.manifests)? else {
            note("    nothing to forward to: no Service leads to a Deployment");
            return Ok(true);
        };
        let root = &self.context.root;
        let wanted = Forward {
            kubeconfig: self.target.kubectl.kubeconfig.clone(),
            context: self.target.context.clone(),
            server: self.target.server.clone(),
            namespace: self.manifests.namespace.clone(),
            service: service.name().to_owned(),
            service_port,
            port: self.args.port,
        };
        match forward::running(root)? {
            Some(record) if record.forward == wanted => note("    it runs already"),
            other => {
                if let Some(record) = other {
                    note("    it ran with other settings: replaced");
                    record.stop(root)?;
                }
                forward::check_port(wanted.port)?;
                wanted.start(root)?;
            }
        }
        let base = format!("http://localhost:{}", wanted.port);
        if !self.answers(wanted.port)? {
            return Ok(false);
        }
        let pages: Vec<String> = PAGES.iter().map(|page| format!("{base}/{page}\n")).collect();
        print(&pages.concat())?;
        Ok(true)
    }

    /// Waits until the API is ready as seen from here.
    fn answers(&self, port: u16) -> Result<bool> {
        let end = Instant::now() + self.timeout();
        let mut said = None;
        loop {
            let status = forward::status(port, "/readyz");
            if status == Some(200) {
                return Ok(true);
            }
            if said != Some(status) && status.is_some() {
                let status = status.unwrap_or_default();
                note(&format!("    /readyz answers {status}"));
            }
            said = Some(status);
            let runs = forward::running(&self.context.root)?.is_some();
            if !runs || Instant::now() >= end {
                let what = if runs { "http://127.0.0.1 does not answer" } else { "it has ended" };
                note(&format!("port-forward: {what}"));
                let log = forward::log_path(&self.context.root);
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                for line in lines.iter().skip(lines.len().saturating_sub(LOG_LINES)) {
                    note(&format!("    | {line}"));
                }
                note(&format!("    its log is {}", log.display()));
                return Ok(false);
            }
            sleep(Duration::from_millis(200));
        }
    }
}
