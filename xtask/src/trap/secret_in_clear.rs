//! A Secret whose values are in the repository.
//!
//! An environment is committed as it is rendered: a Secret that an overlay makes, whatever of, can be
//! read by everyone who can read the repository, now and in its history. base64 hides nothing. What
//! is encrypted (SOPS), filled in by a plug-in of Argo CD, empty, or public, as certificates are, is
//! left alone. Source: "Good practices for Kubernetes Secrets" of Kubernetes' documentation, and "Secret
//! Management" of Argo CD's.

use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, Severity, codes},
    yaml::{Entry, Node},
};

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if cluster.name.is_empty() {
        return;
    }
    for secret in cluster.of_kind("", "Secret") {
        let entries =
            |field| secret.node.get(field).and_then(Node::as_mapping).into_iter().flatten();
        let encoded = entries("data").filter(|entry| !is_public(&decoded(entry)));
        let plain = entries("stringData")
            .filter(|entry| !is_public(entry.value.scalar_text().unwrap_or_default()));
        let mut keys = encoded.chain(plain);
        if let Some(first) = keys.next() {
            out.push(report(cluster, secret, first, keys.count()));
        }
    }
}

fn report(
    cluster: &Cluster<'_>,
    secret: &Object<'_>,
    first: &Entry,
    more: usize,
) -> Diagnostic<Anchor> {
    let key = &first.key;
    let more = match more {
        0 => String::new(),
        1 => " and another key".to_owned(),
        more => format!(" and {more} other keys"),
    };
    let message = format!("{secret} is in clear in the repository: the value of `{key}`{more}");
    let diagnostic =
        Diagnostic::error(codes::TRAP_SECRET_IN_CLEAR, message, secret.secret_at(first.value.span));
    Diagnostic { severity: severity(cluster), ..diagnostic }.with_help(
        "let something in the cluster make it (External Secrets, a Certificate), or encrypt it",
    )
}

/// What is secret in production is in other environments often made up, and always a bad example.
pub(super) fn severity(cluster: &Cluster<'_>) -> Severity {
    if cluster.production { Severity::Error } else { Severity::Warning }
}

/// The value of an entry of `data`; what is no base64 as it is written.
fn decoded(entry: &Entry) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let text = entry.value.scalar_text().unwrap_or_default();
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(&compact).unwrap_or_else(|_| text.into());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a value may be read by anyone.
pub(super) fn is_public(text: &str) -> bool {
    let text = text.trim();
    let is_encrypted = text.starts_with("ENC[") && text.ends_with(']');
    let is_filled_in = text.starts_with('<') && text.ends_with('>') && !text.contains(' ');
    text.is_empty() || is_encrypted || is_filled_in || is_certificates(text)
}

/// Whether a text is certificates and nothing else, beside what openssl writes around them.
fn is_certificates(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----")
        && text
            .lines()
            .filter(|line| line.starts_with("-----BEGIN "))
            .all(|line| line.trim_end() == "-----BEGIN CERTIFICATE-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anyone_may_read_is_known() {
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        for text in
            ["", " \n", "ENC[AES256_GCM,data:x]", "<path:kv/data/app#password>", certificate]
        {
            assert!(is_public(text), "{text}");
        }
        let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
        for text in ["x", "<not this>", key, &format!("{certificate}{key}")] {
            assert!(!is_public(text), "{text}");
        }
    }
}
