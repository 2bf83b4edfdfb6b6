//! Where the conformance cases are on this machine, and reading those of kustomize.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use walkdir::WalkDir;
use xtask::kustomize::{LoadRestrictor, Options};

/// `case.json`.
#[derive(Deserialize)]
struct Case {
    kind: Kind,
    load_restrictor: String,
    target: String,
}

/// What a build of the case must do.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Output,
    Error,
    Success,
}

/// The directory of all suites, which need not be there.
pub fn location() -> PathBuf {
    let base = env::var_os("XTASK_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    );
    xtask::source::normalize(&base)
}

/// The directory of each case.
pub fn directories(root: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.file_name().is_some_and(|name| name == "case.json"))
        .map(|path| path.parent().unwrap().to_owned())
        .collect();
    cases.sort();
    cases
}

/// What the case must do, the directory to build and how to build it.
pub fn read(dir: &Path) -> Result<(Kind, PathBuf, Options), String> {
    let text = fs::read_to_string(dir.join("case.json")).map_err(|error| error.to_string())?;
    let case: Case = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let options = Options {
        load_restrictor: match case.load_restrictor.as_str() {
            "LoadRestrictionsNone" => LoadRestrictor::None,
            _ => LoadRestrictor::RootOnly,
        },
        ..Options::new(dir.join("input"))
    };
    let target = xtask::source::normalize(&dir.join("input").join(&case.target));
    Ok((case.kind, target, options))
}
