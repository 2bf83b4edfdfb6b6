//! A password, a token or a private key in an object that is no Secret.
//!
//! Whoever may read the repository, a Deployment or a ConfigMap has it: the roles that Kubernetes
//! brings (`view`) may read everything but Secrets. Known by the name of a variable or a key, by a login
//! in a URL, and by the first line of a private key. What Kubernetes fills in (`$(NAME)`), what a shell
//! or a template does, and what only names a Secret or a file is none. Source: "Good practices for
//! Kubernetes Secrets" of Kubernetes' documentation, all releases.

use std::collections::BTreeSet;

use super::{
    certificate::{Certificate, certificates},
    items,
    secret_in_clear::{is_public, severity},
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::{Node, Value},
};

/// The last word of a name whose value is a secret.
const SECRET_WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "TOKEN",
    "SECRET",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "ACCESS_KEY",
];

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    if cluster.name.is_empty() {
        return;
    }
    let names = names_of_secrets(cluster);
    let mut finder = Finder { cluster, out, seen: BTreeSet::new() };
    for workload in cluster.workloads() {
        let object = cluster.object_of(workload);
        for container in workload.containers() {
            for entry in items(container.node, &["env"]) {
                let (Some(name), Some(value)) = (entry.text_at(&["name"]), entry.get("value"))
                else {
                    continue;
                };
                if is_secret(name, value, &names) {
                    let path = workload.field(&container.path());
                    finder.add(object, value, &format!("variable `{name}` of `{path}`"));
                }
            }
        }
    }
    for config in cluster.of_kind("", "ConfigMap") {
        for entry in config.node.get("data").and_then(Node::as_mapping).into_iter().flatten() {
            if is_secret(&entry.key, &entry.value, &names) {
                finder.add(config, &entry.value, &format!("key `{}`", entry.key));
            }
        }
    }
    for object in cluster.objects() {
        // The first is a secret as a whole; the others are programs and prose.
        let is_other = object.is("", "Secret")
            || object.is("apiextensions.k8s.io", "CustomResourceDefinition")
            || object.is("templates.gatekeeper.sh", "ConstraintTemplate");
        if !is_other {
            finder.texts(object, object.node);
        }
    }
}

/// Collects what is found, each place once.
struct Finder<'o, 'c, 'a> {
    cluster: &'c Cluster<'a>,
    out: &'o mut Vec<Diagnostic<Anchor>>,
    seen: BTreeSet<Anchor>,
}

impl Finder<'_, '_, '_> {
    fn add(&mut self, object: &Object<'_>, value: &Node, what: &str) {
        let at = object.secret_at(value.span);
        if self.seen.insert(at) {
            let message = format!("a secret is in clear in the repository: {what} of {object}");
            let diagnostic = Diagnostic::error(codes::TRAP_PASSWORD_IN_CLEAR, message, at);
            let diagnostic = Diagnostic { severity: severity(self.cluster), ..diagnostic };
            self.out.push(
                diagnostic.with_help("refer to a Secret, mounted as a file or by `valueFrom`"),
            );
        }
    }

    /// Looks at every text of an object.
    fn texts(&mut self, object: &Object<'_>, node: &Node) {
        match &node.value {
            Value::Mapping(mapping) => {
                for entry in mapping {
                    self.texts(object, &entry.value);
                }
            }
            Value::Sequence(list) => list.iter().for_each(|item| self.texts(object, item)),
            Value::Scalar(scalar) => {
                for (number, line) in scalar.text.lines().enumerate() {
                    let place = match number {
                        0 => "in a text".to_owned(),
                        number => format!("in line {} of a text", number + 1),
                    };
                    if is_private_key(line) {
                        self.add(object, node, &format!("a private key {place}"));
                    } else if has_login(line) {
                        self.add(object, node, &format!("the password of a URL {place}"));
                    }
                }
            }
        }
    }
}

/// The names that Secrets have, which a variable may hold.
fn names_of_secrets<'a>(cluster: &Cluster<'a>) -> BTreeSet<&'a str> {
    let objects = cluster.of_kind("", "Secret");
    let objects = objects.filter_map(|object| object.node.text_at(&["metadata", "name"]));
    let made = certificates(cluster);
    objects.chain(made.iter().filter_map(Certificate::secret)).collect()
}

/// Whether the value of a name is a secret, of which there is more than a name or a switch.
fn is_secret(name: &str, value: &Node, names_of_secrets: &BTreeSet<&str>) -> bool {
    let name = name.replace(['-', '.'], "_").to_ascii_uppercase();
    let named = SECRET_WORDS.iter().any(|word| {
        name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    });
    let Some(value) = value.scalar_text().filter(|_| named) else { return false };
    let is_switch = ["true", "false", "yes", "no", "on", "off"]
        .iter()
        .any(|one| value.eq_ignore_ascii_case(one));
    let is_number = value.parse::<f64>().is_ok() && !name.ends_with("PASSWORD");
    !(is_switch
        || is_number
        || is_public(value)
        || is_filled_in(value)
        || value.starts_with('/')
        || value.contains("://")
        || names_of_secrets.contains(value))
}

/// Whether a value is put in by something else: Kubernetes, a shell, a template, a webhook that
/// looks it up (`vault:path#key`, `ref+...`), SOPS.
fn is_filled_in(value: &str) -> bool {
    ["$", "{{", "%", "<", "vault:", ">>vault:", "ref+", "arn:", "ENC["]
        .iter()
        .any(|start| value.starts_with(start))
        || value.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'))
}

fn is_private_key(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----")
}

/// Whether a line has a URL with a password: `mongodb://user:password@host`. A comment may explain
/// what such a URL looks like.
fn has_login(line: &str) -> bool {
    let is_comment = ["#", "//", ";", "--"].iter().any(|mark| line.trim_start().starts_with(mark));
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("://") {
        rest = after;
        let end = after
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | ',')
            })
            .unwrap_or(after.len());
        let authority = after.get(..end).unwrap_or_default();
        let login = authority.rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
        if let Some((_, password)) = login
            && !password.is_empty()
            && !is_filled_in(password)
            && !is_comment
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_seen() {
        for line in [
            "mongodb://user:hunter2@db-0.db:27017,db-1.db:27017/?tls=true",
            "url = \"postgres://app:p%40ss@db/app\"",
            "https://example.com https://robot:abc@git.example.com/x.git",
        ] {
            assert!(has_login(line), "{line}");
        }
        for line in [
            "mongodb://db-0.db:27017/?authMechanism=MONGODB-X509",
            "mongodb://$(USER):$(PASSWORD)@db",
            "mongodb://user:${PASSWORD}@db",
            "mongodb://user:<password>@db",
            "mongodb://user:****@db",
            "https://user@git.example.com",
            "http://localhost:8080/a@b",
            "# mongodb://user:password@host",
        ] {
            assert!(!has_login(line), "{line}");
        }
    }

    #[test]
    fn what_is_put_in_later_is_no_secret() {
        for value in ["$(PASSWORD)", "vault:secret/data/app#password", "ref+vault://app/password"] {
            assert!(is_filled_in(value), "{value}");
        }
        assert!(!is_filled_in("vaulted"));
    }

    #[test]
    fn a_private_key_is_seen_by_its_first_line() {
        for kind in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
            assert!(is_private_key(&format!("  -----BEGIN {kind}PRIVATE KEY-----")), "{kind}");
        }
        assert!(!is_private_key("-----BEGIN PUBLIC KEY-----"));
        assert!(!is_private_key("grep -q -- '-----BEGIN PRIVATE KEY-----' key.pem"));
    }
}
