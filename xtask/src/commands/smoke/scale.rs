//! Running a workload in another number of pods, and back.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{
    super::cluster::{SMOKE_MANAGER, json::number, kubectl::CALL},
    Smoke,
};

/// How a workload was before.
pub(super) struct Scaled {
    kind: &'static str,
    name: &'static str,
    replicas: i64,
    managed_fields: Value,
}

impl Smoke<'_> {
    /// Changes the number of pods of a workload.
    pub(super) fn scale(
        &mut self,
        kind: &'static str,
        name: &'static str,
        replicas: i64,
    ) -> Result<()> {
        if !self.scaled.iter().any(|one| one.name == name) {
            let args = ["--namespace", self.namespace(), "--show-managed-fields", kind, name];
            let found = self.kubectl.get(&args)?.into_iter().next();
            let object = found.with_context(|| format!("there is no {kind} {name}"))?;
            let managed_fields = object.pointer("/metadata/managedFields").cloned();
            self.scaled.push(Scaled {
                kind,
                name,
                replicas: number(&object, "/spec/replicas"),
                managed_fields: managed_fields.unwrap_or_else(|| json!([])),
            });
        }
        self.set_replicas(kind, name, replicas)
    }

    /// Gives a workload the number of pods that it had, and waits until they are ready.
    pub(super) fn restore(&mut self, name: &str) -> Result<()> {
        let Some(at) = self.scaled.iter().position(|one| one.name == name) else { return Ok(()) };
        let Some(one) = self.scaled.get(at) else { return Ok(()) };
        let (kind, name) = (one.kind, one.name);
        self.set_replicas(kind, name, one.replicas)?;
        // Whoever set the number owns the field. Without this, the next apply would be in conflict
        // with a change that was undone long ago.
        let owners = json!({"metadata": {"managedFields": one.managed_fields}}).to_string();
        self.patch(kind, name, &["--patch", &owners])?;
        self.scaled.remove(at);
        self.until_ready(kind, name)
    }

    /// Gives every workload the number of pods that it had.
    pub(super) fn restore_all(&mut self) -> Result<()> {
        while let Some(name) = self.scaled.last().map(|one| one.name) {
            self.restore(name)?;
        }
        Ok(())
    }

    fn set_replicas(&self, kind: &str, name: &str, replicas: i64) -> Result<()> {
        let patch = json!({"spec": {"replicas": replicas}}).to_string();
        self.patch(kind, name, &["--subresource", "scale", "--patch", &patch])
    }

    fn patch(&self, kind: &str, name: &str, options: &[&str]) -> Result<()> {
        let args = ["patch", "--namespace", self.namespace(), kind, name, "--type", "merge"];
        let args = [&args[..], &["--field-manager", SMOKE_MANAGER], options].concat();
        let output = self.kubectl.call(&args, String::new(), CALL)?;
        ensure!(output.status.success(), "{kind} {name} cannot be changed: {}", output.reason());
        Ok(())
    }
}
