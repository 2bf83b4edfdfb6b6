//! Manifests of any number, the same on every machine.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context as _, Result};

/// An object of each kind. `APP` is the name of its application, and the pods are the same for all.
const OBJECTS: &str = include_str!("manifests/objects.yaml");

/// The pods of the workloads.
const PODS: &str = include_str!("manifests/pod.yaml");

/// A slip for each kind that a schema finds: what should be written, and what is.
const SLIPS: [(&str, &str); 13] = [
    ("replicas: 3", "replicas: three"),
    ("selector:\n    app.kubernetes.io/name: APP", "selector:\n  - app.kubernetes.io/name: APP"),
    ("TIMEOUT: \"30\"", "TIMEOUT: 30"),
    ("type: Opaque", "typ: Opaque"),
    ("Token: false", "Token: \"false\""),
    ("        pathType: Prefix\n", ""),
    ("minReplicas: 2\n", "minReplica: 2\n"),
    ("minAvailable: 1", "minAvailable: true"),
    ("  - Ingress\n  - Egress\n", "    Ingress: true\n"),
    ("podManagementPolicy: Parallel", "podManagementPolcy: Parallel"),
    ("  schedule: \"15 3 * * *\"\n", ""),
    ("  verbs: [\"get\", \"watch\"]\n", "  verbs: get\n"),
    ("  name: APP\nsubjects", "subjects"),
];

/// How many of ten thousand objects begin a file: about two objects share one.
const FILES_OF_TEN_THOUSAND: usize = 4_695;

/// One object of how many has a slip, where there are slips.
const BROKEN_OF: usize = 100;

/// Writes `count` objects of thirteen kinds into `dir` and returns the number of files. With
/// `broken` one of a hundred has a slip: an unknown field, a wrong type, a missing field.
pub fn write(dir: &Path, count: usize, broken: bool) -> Result<usize> {
    fs::create_dir_all(dir).with_context(|| format!("failed to make {}", dir.display()))?;
    let files = (count * FILES_OF_TEN_THOUSAND / 10_000).max(1);
    let mut at = 0;
    for file in 0..files {
        let mut text = String::new();
        while at < count && at * files / count == file {
            let _ = write!(text, "---\n{}", object(at, broken && at % BROKEN_OF == BROKEN_OF / 2));
            at += 1;
        }
        let path = dir.join(format!("{file:05}.yaml"));
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(files)
}

/// How many of `count` objects have a slip.
pub fn broken(count: usize) -> usize {
    (count + BROKEN_OF / 2 - 1) / BROKEN_OF
}

/// Object number `at`: the kinds take turns, and all of one turn belong to one application.
fn object(at: usize, broken: bool) -> String {
    let kind = at % SLIPS.len();
    let mut text = OBJECTS.split("---\n").nth(kind).unwrap_or_default().to_owned();
    text = text.replace("POD_TEMPLATE", &indented(PODS, "      "));
    text = text.replace("JOB_TEMPLATE", &indented(PODS, "          "));
    if let Some((right, wrong)) = SLIPS.get(kind).filter(|_| broken) {
        text = text.replacen(right, wrong, 1);
    }
    text.replace("APP", &format!("app-{}", at / SLIPS.len()))
}

fn indented(text: &str, by: &str) -> String {
    text.lines().collect::<Vec<_>>().join(&format!("\n{by}"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        schema::Store,
        source::Sources,
        yaml::{Dialect, parse},
    };

    fn errors(at: usize, broken: bool) -> Vec<Cow<'static, str>> {
        let mut sources = Sources::default();
        let source = sources.add("object.yaml", object(at, broken));
        let mut found = Vec::new();
        let documents = parse(&sources, source, Dialect::Config, &mut found);
        assert_eq!(documents.len(), 1);
        for node in &documents {
            Store::all_versions().check(node, &mut found);
        }
        found.into_iter().map(|one| one.message).collect()
    }

    #[test]
    fn an_object_is_valid_and_a_slip_is_one_error() {
        for at in 0..SLIPS.len() {
            assert_eq!(errors(at, false), Vec::<&str>::new(), "{}", object(at, false));
            assert_eq!(errors(at, true).len(), 1, "{:?}", errors(at, true));
        }
    }

    #[test]
    fn the_objects_are_spread_over_the_files() {
        for (count, files, slips) in [(60, 28, 1), (1_000, 469, 10), (1, 1, 0)] {
            let dir = tempfile::tempdir().unwrap();
            assert_eq!(write(dir.path(), count, true).unwrap(), files);
            let texts = fs::read_dir(dir.path())
                .unwrap()
                .map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
            let begins = |text: String| text.matches("---\napiVersion: ").count();
            assert_eq!(texts.map(begins).sum::<usize>(), count);
            assert_eq!(broken(count), slips);
        }
    }
}
