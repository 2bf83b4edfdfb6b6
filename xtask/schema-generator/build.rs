//! Lists the kinds of the enabled Kubernetes version.
//!
//! `k8s-openapi` has no registry of its types: every kind is an `impl crate::Resource for …` in the
//! source file that holds it. This script scans those files and writes `kinds.rs`, a list of calls
//! that `src/kinds.rs` includes.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;

/// The minor versions that have a feature here, as k8s-openapi 0.29 does.
const MINORS: std::ops::RangeInclusive<u32> = 33..=37;

/// A version below this many kinds was not scanned rightly: Kubernetes 1.33 has 96.
const FEWEST_KINDS: usize = 90;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let minor = enabled_minor()?;
    let types = source_of_k8s_openapi()?.join(format!("src/v1_{minor}"));
    ensure!(
        types.is_dir(),
        "k8s-openapi keeps no types in {}: its layout changed, adapt build.rs",
        types.display()
    );

    let mut kinds = Vec::new();
    for file in rust_files(&types)? {
        kinds.extend(kind_in(&file, &types)?);
    }
    kinds.sort();
    ensure!(
        kinds.len() >= FEWEST_KINDS,
        "found only {} kinds in {}: the form of their `impl` changed, adapt build.rs",
        kinds.len(),
        types.display()
    );

    let mut list = format!(
        "/// The Kubernetes version of the types.\npub const VERSION: &str = \"1.{minor}\";\n\n"
    );
    writeln!(list, "fn kinds() -> Vec<Kind> {{\n    vec![")?;
    for (path, scope) in kinds {
        writeln!(list, "        kind::<k8s_openapi::{path}>({scope}),")?;
    }
    writeln!(list, "    ]\n}}")?;
    let target = PathBuf::from(env::var("OUT_DIR")?).join("kinds.rs");
    fs::write(&target, list).with_context(|| format!("failed to write {}", target.display()))
}

fn enabled_minor() -> Result<u32> {
    let enabled: Vec<u32> =
        MINORS.filter(|minor| env::var_os(format!("CARGO_FEATURE_V1_{minor}")).is_some()).collect();
    match enabled.as_slice() {
        [minor] => Ok(*minor),
        _ => bail!(
            "enable exactly one of the features v1_33 to v1_37, not {}: \
             pass `--no-default-features --features v1_33`",
            enabled.len()
        ),
    }
}

/// The directory of the k8s-openapi package that Cargo resolved for this crate.
fn source_of_k8s_openapi() -> Result<PathBuf> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .cargo_path(env::var("CARGO")?)
        .manifest_path(&manifest)
        // The sources are there, or this script would not be built; other platforms' packages may
        // not be.
        .other_options([
            "--offline".into(),
            "--locked".into(),
            format!("--filter-platform={}", env::var("TARGET")?),
        ])
        .exec()
        .context("failed to ask cargo where k8s-openapi is")?;
    let found: Vec<_> =
        metadata.packages.iter().filter(|package| *package.name == "k8s-openapi").collect();
    match found.as_slice() {
        [package] => {
            let directory = package
                .manifest_path
                .parent()
                .context("k8s-openapi's manifest has no directory")?;
            Ok(directory.as_std_path().to_owned())
        }
        _ => bail!("expected one k8s-openapi in the dependencies, found {}", found.len()),
    }
}

fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(directory)
        .with_context(|| format!("failed to read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The kind that a file defines: its path below the crate's root (every module is re-exported
/// there), and its scope.
fn kind_in(file: &Path, types: &Path) -> Result<Option<(String, &'static str)>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let Some(start) = text.find("impl crate::Resource for ") else { return Ok(None) };
    let block = text.get(start..).unwrap_or_default();
    let block = block.split("\n}").next().unwrap_or(block);
    let layout = || {
        format!("the `impl crate::Resource` in {} has another form, adapt build.rs", file.display())
    };

    let name = block.lines().next().and_then(|line| line.strip_prefix("impl crate::Resource for "));
    let name = name.and_then(|rest| rest.strip_suffix(" {")).with_context(layout)?;
    let scope = block
        .lines()
        .find_map(|line| line.trim().strip_prefix("type Scope = crate::"))
        .with_context(layout)?;
    let scope = match scope {
        "ClusterResourceScope;" => "Scope::Cluster",
        "NamespaceResourceScope;" => "Scope::Namespaced",
        "SubResourceScope;" => "Scope::Subresource",
        other => bail!("unknown scope `{other}` in {}, adapt build.rs", file.display()),
    };
    let modules =
        file.parent().and_then(|parent| parent.strip_prefix(types).ok()).with_context(layout)?;
    let mut path = String::new();
    for module in modules.components() {
        if let Component::Normal(module) = module {
            write!(path, "{}::", module.to_string_lossy())?;
        }
    }
    Ok(Some((path + name, scope)))
}
