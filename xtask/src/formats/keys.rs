//! Keys: of labels, annotations, configuration, environment variables and the like.
//!
//! Source: `k8s.io/apimachinery/pkg/api/validate/content` and `.../pkg/util/validation`.

use super::names::{Case, SUBDOMAIN_LIMIT, subdomain};
use super::text::{Fault, Verdict, at_most, characters, ends, not_empty, word, words};

const NAME_LIMIT: usize = 63;

fn is_name_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

pub(super) fn label_value(text: &str) -> Verdict {
    word(text, is_name_character, alphanumeric, NAME_LIMIT)
}

pub(super) fn qualified_name(text: &str) -> Verdict {
    qualified(text, Case::Lower)
}

/// A qualified name whose prefix may have capitals, as the server looks at it in lower case.
pub(super) fn caseless_qualified_name(text: &str) -> Verdict {
    qualified(text, Case::Any)
}

fn qualified(text: &str, prefix_case: Case) -> Verdict {
    match text.split_once('/') {
        None => word(text, is_name_character, alphanumeric, NAME_LIMIT),
        Some((_, name)) if name.contains('/') => Err(Fault::new("has more than one `/`")),
        Some((prefix, name)) => {
            subdomain(prefix, prefix_case).map_err(|fault| fault.of("the prefix before `/`"))?;
            word(name, is_name_character, alphanumeric, NAME_LIMIT)
                .map_err(|fault| fault.of("the name after `/`"))
        }
    }
}

/// A qualified name with a prefix, or a name without one that `is_standard`.
pub(super) fn qualified_or(text: &str, is_standard: impl Fn(&str) -> bool) -> Verdict {
    qualified_name(text)?;
    if text.contains('/') || is_standard(text) {
        return Ok(());
    }
    Err(Fault::new("is no standard name and has no prefix"))
}

pub(super) fn finalizer(text: &str) -> Verdict {
    qualified_or(text, |name| matches!(name, "kubernetes" | "orphan" | "foregroundDeletion"))
}

pub(super) fn limit_range_type(text: &str) -> Verdict {
    qualified_or(text, |name| matches!(name, "Pod" | "Container" | "PersistentVolumeClaim"))
}

/// A key of a `ConfigMap` or Secret, which becomes a file's name.
pub(super) fn config_map(text: &str) -> Verdict {
    characters(text, is_name_character)?;
    if text == "." {
        return Err(Fault::plain());
    }
    if text.starts_with("..") {
        return Err(Fault::new("starts with `..`"));
    }
    at_most(text, SUBDOMAIN_LIMIT)
}

pub(super) fn environment_variable(text: &str) -> Verdict {
    characters(text, |byte| matches!(byte, b' '..=b'~') && byte != b'=')
}

pub(super) fn http_header(text: &str) -> Verdict {
    characters(text, |byte| byte == b'-' || alphanumeric(byte))
}

pub(super) fn sysctl(text: &str) -> Verdict {
    let end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    words(text, &['.', '/'], |byte| matches!(byte, b'-' | b'_') || end(byte), end, end)
}

/// A name in the Common Expression Language.
pub(super) fn cel_identifier(text: &str) -> Verdict {
    characters(text, |byte| byte == b'_' || alphanumeric(byte))?;
    ends(text, |byte| !byte.is_ascii_digit(), |_| true)?;
    if matches!(
        text,
        "true"
            | "false"
            | "null"
            | "in"
            | "as"
            | "break"
            | "const"
            | "continue"
            | "else"
            | "for"
            | "function"
            | "if"
            | "import"
            | "let"
            | "loop"
            | "package"
            | "namespace"
            | "return"
            | "var"
            | "void"
            | "while"
    ) {
        return Err(Fault::new("is a reserved word"));
    }
    Ok(())
}

/// Whether `text` is `PATH['KEY']` with a label's or an annotation's key; `None` if it has no key.
pub(super) fn metadata_subscript(text: &str) -> Option<Verdict> {
    let (path, key) = text.strip_suffix("']")?.split_once("['")?;
    let verdict = match path {
        "metadata.labels" => qualified_name(key),
        "metadata.annotations" => caseless_qualified_name(key),
        _ => return Some(Err(Fault::plain())),
    };
    Some(not_empty(key).and(verdict).map_err(|fault| fault.of("the key")))
}
