//! The work of `bench policy`: policies of this repository, and pods of which some are against them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

/// The pod that most of the others are like.
const POD: &str = include_str!("pod.yaml");

/// One pod of how many has a fault.
const FAULTY_OF: usize = 10;

/// The faults, in turn: what is written, and what is written instead.
const FAULTS: [(&str, &str); 8] = [
    ("runAsNonRoot: true\n    runAsUser: 10001", "runAsUser: 0"),
    (
        "shop/server:1.4.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "shop/server:latest",
    ),
    ("allowPrivilegeEscalation: false", "privileged: true"),
    ("drop: [ALL]", "add: [NET_ADMIN]"),
    ("automountServiceAccountToken: false", "hostNetwork: true"),
    ("sizeLimit: 16Mi", "medium: Memory"),
    ("emptyDir:\n      sizeLimit: 16Mi", "hostPath:\n      path: /var/run"),
    (
        "valueFrom:\n        secretKeyRef: {name: database, key: password}",
        "value: correct-horse-battery",
    ),
];

/// Writes `templates` policies with a constraint each, and `pods` pods, into `dir`. The names of the
/// policies.
pub(super) fn write(root: &Path, dir: &Path, templates: usize, pods: usize) -> Result<Vec<String>> {
    let make = |path: &Path| {
        fs::create_dir_all(path).with_context(|| format!("failed to make {}", path.display()))
    };
    make(dir)?;
    let policies = policies(root, templates)?;
    for (name, template, constraint) in &policies {
        let read = fs::read_to_string(template)
            .with_context(|| format!("failed to read {}", template.display()))?;
        save(&dir.join(format!("template-{name}.yaml")), &read)?;
        save(&dir.join(format!("constraint-{name}.yaml")), &for_pods(constraint)?)?;
    }
    let mut text = String::new();
    for at in 0..pods {
        text.push_str("---\n");
        text.push_str(&pod(at));
    }
    save(&dir.join("pods.yaml"), &text)?;
    Ok(policies.into_iter().map(|(name, ..)| name).collect())
}

fn save(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// Pod number `at`.
fn pod(at: usize) -> String {
    let mut text = POD.to_owned();
    if at % FAULTY_OF == FAULTY_OF / 2
        && let Some((right, wrong)) = FAULTS.get(at / FAULTY_OF % FAULTS.len())
    {
        text = text.replacen(right, wrong, 1);
    }
    text.replace("POD", &format!("pod-{at}"))
}

/// The policies of the repository: those whose constraint is about pods first, then the others, in
/// the order of their names. Each with its template and its first constraint.
fn policies(root: &Path, count: usize) -> Result<Vec<(String, PathBuf, PathBuf)>> {
    let dir = root.join("policies");
    let mut all = Vec::new();
    for policy in children(&dir)? {
        let template = policy.join("template.yaml");
        let samples = policy.join("samples");
        if !template.is_file() || !samples.is_dir() {
            continue;
        }
        let constraints = children(&samples)?.into_iter().map(|case| case.join("constraint.yaml"));
        let Some(constraint) = constraints.into_iter().find(|path| path.is_file()) else {
            continue;
        };
        let text = fs::read_to_string(&constraint)
            .with_context(|| format!("failed to read {}", constraint.display()))?;
        let name = policy.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_about_pods = text.contains("Pod");
        all.push((!is_about_pods, name, template, constraint));
    }
    ensure!(all.len() >= count, "there are {} policies in {}", all.len(), dir.display());
    all.sort();
    all.truncate(count);
    Ok(all
        .into_iter()
        .map(|(_, name, template, constraint)| (name, template, constraint))
        .collect())
}

fn children(dir: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("failed to list {}", dir.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The constraint for pods, whatever it is for: each policy works on each pod.
fn for_pods(constraint: &Path) -> Result<String> {
    let context = || format!("failed to read {}", constraint.display());
    let text = fs::read_to_string(constraint).with_context(context)?;
    let mut value: serde_yaml::Value = serde_yaml::from_str(&text).with_context(context)?;
    let pods = "kinds: [{apiGroups: [''], kinds: [Pod]}]";
    let pods: serde_yaml::Value = serde_yaml::from_str(pods).with_context(context)?;
    match value.get_mut("spec").and_then(serde_yaml::Value::as_mapping_mut) {
        Some(spec) => spec.insert("match".into(), pods),
        None => bail!("{} has no spec", constraint.display()),
    };
    serde_yaml::to_string(&value).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_pods_has_each_fault_in_turn() {
        let all: Vec<String> = (0..100).map(pod).collect();
        let plain = |at: usize| POD.replace("POD", &format!("pod-{at}"));
        let faulty = all.iter().enumerate().filter(|(at, pod)| **pod != plain(*at));
        assert_eq!(faulty.count(), 10);
        for (right, _) in FAULTS {
            assert!(POD.contains(right), "{right}");
        }
    }
}
