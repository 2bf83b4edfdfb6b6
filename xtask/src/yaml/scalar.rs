//! The type of a plain scalar, as Go's decoders resolve it.

use super::ScalarKind;

/// Which of Go's decoders reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Resources and patches: go-yaml v3 as kustomize uses it; `yes` is a string.
    Resource,
    /// `kustomization.yaml`, values and other configuration: `sigs.k8s.io/yaml`, YAML 1.1; `yes` is a boolean.
    Config,
}

/// The type of a plain scalar.
pub fn resolve(text: &str, dialect: Dialect) -> ScalarKind {
    let _ = (text, dialect);
    ScalarKind::String
}
