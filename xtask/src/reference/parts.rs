//! What an object that is named must be like: its type, its ports, its listeners.

use super::{
    backends, data,
    field::Field,
    kinds::SECRET,
    missing::{list, near},
    name::{Part, Reference},
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

/// What an object that is there lacks for a reference to it.
pub(super) fn check<'a>(
    reference: &Reference<'a, '_>,
    object: &Object<'a>,
    is_filled_later: bool,
    cluster: &Cluster<'a>,
) -> Option<Diagnostic<Anchor>> {
    match reference.part {
        None => secret_type(reference, object),
        Some(Part::Data) => {
            let is_for_sure = !reference.optional && !is_filled_later;
            is_for_sure.then(|| empty(reference, object)).flatten()
        }
        Some(Part::Headless) => headless(reference, object),
        Some(Part::Port(number, field)) => port(reference, object, number, field, cluster),
        Some(Part::Listener(field)) => listener(reference, object, field, cluster),
    }
}

/// Source: `MakeDockerKeyring` of `pkg/credentialprovider/secrets`.
fn secret_type(reference: &Reference<'_, '_>, object: &Object<'_>) -> Option<Diagnostic<Anchor>> {
    let Reference { from, at, types, .. } = reference;
    let written = object.node.get("type");
    let kind = written.and_then(Node::as_str).unwrap_or("Opaque");
    if types.is_empty() || !reference.is_to(SECRET) || types.contains(&kind) {
        return None;
    }
    let wanted = types.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(" or ");
    let message = format!("`{at}` of {from} names {object} of type `{kind}`, not {wanted}");
    let place = written.map_or_else(|| object.name_anchor(), |node| object.at(node.span));
    let diagnostic = from.warning(codes::REFERENCE_SECRET_TYPE, message, at.node);
    let diagnostic = diagnostic.with_related(place, format!("{object}"));
    Some(diagnostic.with_help("the kubelet passes over a Secret of another type"))
}

fn empty(reference: &Reference<'_, '_>, object: &Object<'_>) -> Option<Diagnostic<Anchor>> {
    let Reference { from, at, .. } = reference;
    if !data::is_empty(object) {
        return None;
    }
    let message = format!("`{at}` of {from} takes all of {object}, which has no data");
    let diagnostic = from.warning(codes::REFERENCE_NO_DATA, message, at.node);
    let diagnostic = diagnostic.with_related(object.name_anchor(), format!("{object}"));
    Some(diagnostic.with_help("give it data, or remove what takes it"))
}

fn headless(reference: &Reference<'_, '_>, object: &Object<'_>) -> Option<Diagnostic<Anchor>> {
    let Reference { from, at, .. } = reference;
    let address = object.node.at(&["spec", "clusterIP"]);
    if address.and_then(Node::as_str) == Some("None") {
        return None;
    }
    let message = format!(
        "`{at}` of {from} names {object}, which is not headless, so that its pods get no DNS names"
    );
    let place = address.map_or_else(|| object.name_anchor(), |node| object.at(node.span));
    let diagnostic = from.warning(codes::REFERENCE_NOT_HEADLESS, message, at.node);
    let diagnostic = diagnostic.with_related(place, format!("{object}"));
    Some(diagnostic.with_help("set `clusterIP: None` there, or name a Service that has it"))
}

fn port<'a>(
    reference: &Reference<'a, '_>,
    object: &Object<'a>,
    number: i64,
    field: Option<Field<'a, '_>>,
    cluster: &Cluster<'a>,
) -> Option<Diagnostic<Anchor>> {
    let Reference { from, at, .. } = reference;
    let kind = object.node.at(&["spec", "type"]).and_then(Node::as_str);
    let ports: Vec<_> = backends::ports(object.node).collect();
    if ports.contains(&number) || kind == Some("ExternalName") {
        return None;
    }
    let (what, span) = match &field {
        Some(port) => (format!("`{port}` of {from} is {number}"), port.node.span),
        None => (format!("`{at}` of {from} means port {number}"), at.node.span),
    };
    let message = format!("{what}, which {object} does not have");
    let shown: Vec<_> = ports.iter().map(ToString::to_string).collect();
    let shown: Vec<_> = shown.iter().map(String::as_str).collect();
    let place = object.node.at(&["spec", "ports"]);
    let place = place.map_or_else(|| object.name_anchor(), |node| object.at(node.span));
    let diagnostic = cluster.missing(codes::REFERENCE_MISSING_PORT, message, from.at(span));
    let diagnostic = diagnostic.with_related(place, format!("the ports of {object}"));
    Some(diagnostic.with_help(format!("it has: {}", list(&shown))))
}

fn listener<'a>(
    reference: &Reference<'a, '_>,
    object: &Object<'a>,
    field: Field<'a, '_>,
    cluster: &Cluster<'a>,
) -> Option<Diagnostic<Anchor>> {
    let from = reference.from;
    let root = Field::root(object.node);
    let listeners: Vec<_> = root.items("spec.listeners").collect();
    let names: Vec<_> = listeners.iter().filter_map(|one| one.text_at("name")).collect();
    let name = field.text().filter(|name| !names.contains(name))?;
    let message =
        format!("`{field}` of {from} names listener `{name}`, which {object} does not have");
    let place = object.node.at(&["spec", "listeners"]);
    let place = place.map_or_else(|| object.name_anchor(), |node| object.at(node.span));
    let help = match near(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has: {}", list(&names)),
    };
    let at = from.at(field.node.span);
    let diagnostic = cluster.missing(codes::REFERENCE_MISSING_LISTENER, message, at);
    Some(diagnostic.with_related(place, format!("the listeners of {object}")).with_help(help))
}
