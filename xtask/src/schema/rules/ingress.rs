//! Ingresses and their classes.
//!
//! Source: `pkg/apis/networking/validation/validation.go`.

use super::{
    report::{Fault, Report},
    value::{annotation, at, get, has_some, integer, is_set, items, spec, text},
};
use crate::{diag::codes, yaml::Node};

const NOT_IN_PATH: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];
const NOT_AT_END: &[&str] = &["/..", "/."];

/// Source: `ValidateIngressSpec`.
pub(super) fn has_rules(ingress: &Node, report: &mut Report<'_>) {
    let Some(spec) = spec(ingress) else { return };
    if !has_some(spec, "rules") && !is_set(spec, "defaultBackend") {
        let says = "must have `rules` or a `defaultBackend`";
        report.add(Fault::new(codes::SCHEMA_ONE_OF, spec, says));
    }
}

fn all_paths(ingress: &Node) -> impl Iterator<Item = &Node> {
    let rules = spec(ingress).map_or(&[][..], |spec| items(spec, "rules")).iter();
    rules.filter_map(|rule| get(rule, "http")).flat_map(|http| items(http, "paths"))
}

/// Source: `validateIngressBackend`.
pub(super) fn backends(ingress: &Node, report: &mut Report<'_>) {
    let default = at(ingress, &["spec", "defaultBackend"]);
    let of_paths = all_paths(ingress).filter_map(|path| get(path, "backend"));
    for backend in default.into_iter().chain(of_paths) {
        let wrong = |says: &'static str| Fault::new(codes::SCHEMA_ONE_OF, backend, says);
        match (get(backend, "service"), get(backend, "resource")) {
            (None, None) => report.add(wrong("must have `service` or `resource`")),
            (Some(service), Some(_)) => {
                let fault = wrong("must not have both `service` and `resource`");
                report.add(fault.beside(service, "one of them"));
            }
            _ => {}
        }
        let service = get(backend, "service").filter(|_| !is_set(backend, "resource"));
        let Some(service) = service else { continue };
        let port = get(service, "port");
        let number = port.and_then(|port| integer(port, "number")).filter(|number| *number != 0);
        let says = match (port.map_or("", |port| text(port, "name")), number) {
            ("", None) => "must have a `service.port`, by `name` or `number`",
            (name, Some(_)) if !name.is_empty() => {
                "must not have a `service.port` by both `name` and `number`"
            }
            _ => continue,
        };
        report.add(wrong(says).beside(port.unwrap_or(service), "the port"));
    }
}

/// Source: `validateHTTPIngressPath`.
pub(super) fn paths(ingress: &Node, report: &mut Report<'_>) {
    for one in all_paths(ingress) {
        let kind = text(one, "pathType");
        let path = text(one, "path");
        let is_compared = matches!(kind, "Exact" | "Prefix");
        let Some(at) = get(one, "path") else {
            if is_compared {
                let why = format!("`pathType` is `{kind}`");
                report.add(Fault::missing(one, &["path"], &why));
            }
            continue;
        };
        if !is_compared {
            continue;
        }
        if path.is_empty() {
            let says = format!("must be set: `pathType` is `{kind}`");
            report.add(Fault::depends(at, says));
            continue;
        }
        let inside = NOT_IN_PATH.iter().find(|part| path.contains(**part));
        let end = NOT_AT_END.iter().find(|end| path.ends_with(**end));
        let says = match (inside, end) {
            (Some(part), _) => format!("must not contain `{part}` with `pathType: {kind}`"),
            (None, Some(end)) => format!("must not end with `{end}` with `pathType: {kind}`"),
            (None, None) => continue,
        };
        report.add(Fault::new(codes::SCHEMA_FORMAT, at, says));
    }
}

/// Source: `ValidateIngressCreate`.
pub(super) fn class_annotation(ingress: &Node, report: &mut Report<'_>) {
    let class = at(ingress, &["spec", "ingressClassName"]);
    if let Some((old, at)) = annotation(ingress, "kubernetes.io/ingress.class")
        && let Some(class) = class
        && class.as_str() != Some(old)
    {
        let says = "must be the same as `spec.ingressClassName`";
        report.add(Fault::depends(at, says).beside(class, "the class"));
    }
}

/// Source: `validateIngressClassParametersReference`; the default scope is Cluster.
pub(super) fn class_parameters(class: &Node, report: &mut Report<'_>) {
    let Some(parameters) = at(class, &["spec", "parameters"]) else { return };
    let namespace = get(parameters, "namespace");
    if text(parameters, "scope") == "Namespace" {
        if text(parameters, "namespace").is_empty() {
            let why = "`scope` is `Namespace`";
            report.add(Fault::missing(parameters, &["namespace"], why));
        }
    } else if let Some(namespace) = namespace {
        report.add(Fault::excluded(namespace, "`scope` is `Cluster`"));
    }
}
