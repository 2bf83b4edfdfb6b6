//! Paths: of files, of URLs and of fields.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation`, `k8s.io/apimachinery/pkg/util/validation`
//! and `k8s.io/apiserver/pkg/util/webhook`.

use super::keys::metadata_subscript;
use super::names::dns1123_subdomain;
use super::text::{Fault, Verdict, characters, not_empty};

pub(super) fn absolute(text: &str) -> Verdict {
    if text.starts_with('/') { Ok(()) } else { Err(Fault::plain()) }
}

/// A path that stays below where it starts.
pub(super) fn descending(text: &str) -> Verdict {
    if text.starts_with('/') {
        return Err(Fault::new("starts with `/`"));
    }
    without_backsteps(text)
}

pub(super) fn without_backsteps(text: &str) -> Verdict {
    if text.split('/').any(|segment| segment == "..") {
        return Err(Fault::new("has the segment `..`"));
    }
    Ok(())
}

/// A name that a URL's path and the server's store can hold as one segment.
pub(super) fn segment(text: &str) -> Verdict {
    if text == "." || text == ".." {
        return Err(Fault::plain());
    }
    match text.chars().find(|character| matches!(character, '/' | '%')) {
        Some('/') => Err(Fault::new("has `/`")),
        Some(_) => Err(Fault::new("has `%`")),
        None => Ok(()),
    }
}

pub(super) fn with_domain(text: &str) -> Verdict {
    let Some((domain, path)) = text.split_once('/') else {
        return Err(Fault::new("has no `/`"));
    };
    dns1123_subdomain(domain).map_err(|fault| fault.of("the domain before `/`"))?;
    not_empty(path)
        .and_then(|()| {
            characters(path, |byte| {
                byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)
            })
        })
        .map_err(|fault| fault.of("the path after `/`"))
}

/// The path of a service that a webhook or a conversion calls.
pub(super) fn of_service(text: &str) -> Verdict {
    let Some(path) = text.strip_prefix('/') else {
        return Err(Fault::new("does not start with `/`"));
    };
    if path.is_empty() {
        return Ok(());
    }
    for segment in path.strip_suffix('/').unwrap_or(path).split('/') {
        dns1123_subdomain(segment).map_err(|fault| fault.of("a segment"))?;
    }
    Ok(())
}

/// A field of a pod that an environment variable takes its value from.
pub(super) fn env_field(text: &str) -> Verdict {
    metadata_subscript(text).unwrap_or_else(|| {
        if matches!(
            text,
            "metadata.name"
                | "metadata.namespace"
                | "metadata.uid"
                | "spec.nodeName"
                | "spec.host"
                | "spec.serviceAccountName"
                | "status.hostIP"
                | "status.hostIPs"
                | "status.podIP"
                | "status.podIPs"
        ) {
            Ok(())
        } else if matches!(text, "metadata.labels" | "metadata.annotations") {
            Err(Fault::new("has no key in `['` and `']`"))
        } else {
            Err(Fault::plain())
        }
    })
}

/// A field of a pod that a file in a volume shows.
pub(super) fn volume_field(text: &str) -> Verdict {
    metadata_subscript(text).unwrap_or_else(|| {
        if matches!(
            text,
            "metadata.name"
                | "metadata.namespace"
                | "metadata.uid"
                | "metadata.labels"
                | "metadata.annotations"
        ) {
            Ok(())
        } else if text.starts_with("spec.") || text.starts_with("status.") {
            Err(Fault::new("is a field that only an environment variable can have"))
        } else {
            Err(Fault::plain())
        }
    })
}
