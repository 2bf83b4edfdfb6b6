//! The steps that led to the value of a field, newest first, with places in files.

use super::{Origins, Step};
use crate::{
    source::{OriginId, Sources, Span},
    yaml::{Dialect, Node, Text, parse},
};

/// A longer history is cut; it can only come from a fault in whoever recorded it.
const MAX_LAYERS: usize = 100;

/// One value that a field had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The value; `None` for a map or a list.
    pub value: Option<Text>,
    /// The step that set it; `None` if it is as a resource file has it.
    pub step: Option<Step>,
    /// Where the value is written, in a file.
    pub span: Span,
    /// Where a kustomization asks for the step.
    pub via: Option<Span>,
    /// For each template expression in it: where its value is written, newest first, which is the
    /// values file that won, then those that it overrode.
    pub values: Vec<Vec<Layer>>,
}

/// The history of the field at the end of `trail`, the nodes from the root to it.
///
/// A field without a history of its own shares the step of the map or list that it was written
/// in: a patch that adds a whole map is recorded once.
pub fn history(trail: &[&Node], origins: &Origins, sources: &Sources) -> Vec<Layer> {
    let Some((&node, above)) = trail.split_last() else { return Vec::new() };
    let value = node.as_scalar().map(|scalar| scalar.text.clone());
    let mut layers = chain(value, node.span, node.origin, origins, sources);
    if node.origin == OriginId::NONE
        && let Some(first) = layers.first_mut()
    {
        let step = above
            .iter()
            .rev()
            .find(|parent| parent.origin != OriginId::NONE)
            .filter(|parent| covers(parent.span, node.span))
            .and_then(|parent| origins.get(parent.origin));
        first.step = step.map(|origin| origin.step);
        first.via = step.map(|origin| sources.place(origin.via).span);
    }
    layers
}

fn chain(
    value: Option<Text>,
    span: Span,
    origin: OriginId,
    origins: &Origins,
    sources: &Sources,
) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut next = Some((value, span, origin));
    while let Some((value, span, id)) = next.take().filter(|_| layers.len() < MAX_LAYERS) {
        let place = sources.place(span);
        let origin = origins.get(id);
        let values = sources
            .printed(span)
            .into_iter()
            .map(|(span, id)| {
                let text = unquoted(sources.slice(span));
                chain(Some(text), span, id, origins, sources)
            })
            .collect();
        layers.push(Layer {
            value,
            step: origin.map(|origin| origin.step),
            span: place.span,
            via: origin.map(|origin| sources.place(origin.via).span),
            values,
        });
        next = origin
            .and_then(|origin| origin.previous.as_ref())
            .map(|previous| (previous.value.clone(), previous.span, previous.origin));
    }
    layers
}

/// The text of a scalar without the quotes or the sign of a block that it is written with.
fn unquoted(written: &str) -> Text {
    let read = || {
        let mut sources = Sources::default();
        let source = sources.add("", written);
        let documents = parse(&sources, source, Dialect::Resource, &mut Vec::new());
        documents.first()?.scalar_text().map(Text::from)
    };
    let is_plain = !written.starts_with(['"', '\'', '|', '>']);
    if is_plain { written.into() } else { read().unwrap_or_else(|| written.into()) }
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        resource::Previous,
        source::{RenderMap, Segment},
        yaml::{Mapping, Value},
    };

    #[test]
    fn a_history_runs_from_the_newest_value_to_the_oldest() {
        let mut sources = Sources::default();
        let base = Span::new(sources.add("base.yaml", "replicas: 1\n"), 10..11);
        let patch = Span::new(sources.add("patch.yaml", "replicas: 2\n"), 10..11);
        let kustomization = sources.add("kustomization.yaml", "patches: []\nreplicas: 3\n");
        let mut origins = Origins::default();
        let patched = origins.record(
            Step::Patch,
            Span::new(kustomization, 0..7),
            Some(Previous { value: Some("1".into()), span: base, origin: OriginId::NONE }),
        );
        let count = Span::new(kustomization, 22..23);
        let previous = Previous { value: Some("2".into()), span: patch, origin: patched };
        let replicas = origins.record(Step::Replicas, count, Some(previous));
        let node = Node::string("3", count, replicas);
        let layers = history(&[&node], &origins, &sources);
        let shown: Vec<_> = layers
            .iter()
            .map(|layer| (layer.value.as_deref(), layer.step, sources.locate(layer.span)))
            .collect();
        let expected = [
            (Some("3"), Some(Step::Replicas), "kustomization.yaml:2:11".to_owned()),
            (Some("2"), Some(Step::Patch), "patch.yaml:1:11".to_owned()),
            (Some("1"), None, "base.yaml:1:11".to_owned()),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_value_of_a_template_has_a_history_of_its_own() {
        let mut sources = Sources::default();
        let near = Span::new(sources.add("overlays/dev/values.yaml", "tag: v2\n"), 5..7);
        let far = Span::new(sources.add("base/web/values.yaml", "tag: v1\n"), 5..7);
        let mut origins = Origins::default();
        let previous = Previous { value: Some("v1".into()), span: far, origin: OriginId::NONE };
        let won = origins.record(Step::Values, near, Some(previous));
        let template = Span::new(sources.add("a.yaml.j2", "{{ tag }}"), 3..6);
        let segment =
            Segment { rendered: 0..2, template, literal: false, value: Some((near, won)) };
        let id = sources.add_rendered("a.yaml.j2", "v2", RenderMap { segments: vec![segment] });
        let node = Node::string("v2", Span::new(id, 0..2), OriginId::NONE);
        let layers = history(&[&node], &origins, &sources);
        assert_eq!((layers.len(), layers[0].span, layers[0].step), (1, template, None));
        let values: Vec<_> =
            layers[0].values[0].iter().map(|one| (one.value.as_deref(), one.span)).collect();
        assert_eq!(values, [(Some("v2"), near), (Some("v1"), far)]);
    }

    #[test]
    fn the_quotes_of_a_value_are_no_part_of_it() {
        for written in ["1", "\"1\"", "'1'", "|-\n  1\n", ">-\n  1"] {
            assert_eq!(unquoted(written), "1", "{written}");
        }
        assert_eq!(unquoted("\"open"), "\"open");
    }

    #[test]
    fn a_field_shares_the_step_of_the_map_it_was_written_in() {
        let mut sources = Sources::default();
        let patch = sources.add("patch.yaml", "limits: {cpu: 1}\n");
        let base = Span::new(sources.add("base.yaml", "x\n"), 0..1);
        let mut origins = Origins::default();
        let origin = origins.record(Step::Patch, Span::start_of(patch), None);
        let mut limits = Mapping::default();
        limits.push("cpu", base, Node::string("1", Span::new(patch, 14..15), OriginId::NONE));
        limits.push("memory", base, Node::string("2", base, OriginId::NONE));
        let parent = Node { value: Value::Mapping(limits), span: Span::new(patch, 8..16), origin };
        let step = |key| history(&[&parent, parent.get(key).unwrap()], &origins, &sources)[0].step;
        assert_eq!(step("cpu"), Some(Step::Patch));
        assert_eq!(step("memory"), None, "it was there before");
    }
}
