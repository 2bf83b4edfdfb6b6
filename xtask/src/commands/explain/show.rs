//! The histories of fields as text or JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};

use super::super::context::table;
use crate::{
    diag::Format,
    resource::{Layer, Origins, history},
    source::Sources,
    yaml::{FieldPath, Node, PathStep, Value, leaves},
};

/// A value is cut to this many characters in a table.
const MAX_VALUE: usize = 60;

/// A part of an object.
pub(super) struct View<'a> {
    /// The histories of the object's fields.
    pub origins: &'a Origins,
    /// What they point into.
    pub sources: &'a Sources,
    /// Whether the object is a Secret, whose values are not shown.
    pub secret: bool,
    /// The nodes from the object to the part.
    pub trail: Vec<&'a Node>,
    /// The path of the part.
    pub path: &'a FieldPath,
}

impl View<'_> {
    /// The history of a value, or a table of all values in a map or a list.
    pub fn text(&self, format: Format) -> String {
        let fields = self.fields();
        if format == Format::Json {
            return fields.iter().map(|(path, layers)| self.json(path, layers)).collect();
        }
        match fields.as_slice() {
            [(path, layers)] if path == self.path => self.one(path, layers),
            _ => self.all(&fields),
        }
    }

    fn fields(&self) -> Vec<(FieldPath, Vec<Layer>)> {
        let mut fields = Vec::new();
        each_field(&self.trail, self.path, self.origins, self.sources, &mut |path, layers| {
            fields.push((path.clone(), layers));
        });
        fields
    }

    fn one(&self, path: &FieldPath, layers: &[Layer]) -> String {
        let mut rows = Vec::new();
        let mut row = |what: String, layer: &Layer, step: String| {
            rows.push(vec![format!("  {what}"), self.sources.locate(layer.span), step]);
        };
        let overrode = |layer: &Layer| format!("overrode {}", cut(&self.value(path, layer)));
        for (at, layer) in layers.iter().enumerate() {
            let what = if at == 0 { "set by".to_owned() } else { overrode(layer) };
            row(what, layer, self.step(layer));
            let sources = layer.values.iter().flat_map(|chain| chain.iter().enumerate());
            for (nth, source) in sources {
                // The newest is what was printed into the text, so that it needs no mention.
                let what = if nth == 0 { "value from".to_owned() } else { overrode(source) };
                row(format!("  {what}"), source, "values".to_owned());
            }
        }
        let value = layers.first().map(|layer| self.value(path, layer)).unwrap_or_default();
        format!("{path}: {value}\n{}", table(&rows))
    }

    fn all(&self, fields: &[(FieldPath, Vec<Layer>)]) -> String {
        let mut rows = vec![["FIELD", "VALUE", "WRITTEN AT", "SET BY"].map(str::to_owned).to_vec()];
        for (path, layers) in fields {
            let Some(layer) = layers.first() else { continue };
            // For a value that a template printed, the line that a reader would change.
            let (written, step) = match layer.values.as_slice() {
                [value] => (value.first().unwrap_or(layer), "values".to_owned()),
                _ => (layer, self.step(layer)),
            };
            let place = self.sources.locate(written.span);
            let value = cut(&self.value(path, layer));
            rows.push(vec![path.to_string(), value, place, step]);
        }
        table(&rows)
    }

    fn json(&self, path: &FieldPath, layers: &[Layer]) -> String {
        let layers: Vec<Json> = layers.iter().map(|layer| self.layer_json(path, layer)).collect();
        format!("{}\n", json!({ "field": path.to_string(), "history": layers }))
    }

    fn layer_json(&self, path: &FieldPath, layer: &Layer) -> Json {
        let source = self.sources.get(layer.span.source);
        let start = source.line_col(layer.span.start);
        let values: Vec<Vec<Json>> = layer
            .values
            .iter()
            .map(|chain| chain.iter().map(|value| self.layer_json(path, value)).collect())
            .collect();
        json!({
            "value": layer.value.as_ref().map(|_| self.value(path, layer)),
            "path": source.path,
            "line": start.line,
            "col": start.col,
            "step": layer.step.map(|step| step.to_string()),
            "asked_for_at": layer.via.map(|via| self.sources.locate(via)),
            "values": values,
        })
    }

    /// The step, and where it is asked for unless that is where the value is written.
    fn step(&self, layer: &Layer) -> String {
        let Some(step) = layer.step else { return "resource".to_owned() };
        match layer.via {
            Some(via) if via != layer.span => {
                format!("{step} ({})", self.sources.locate(via))
            }
            _ => step.to_string(),
        }
    }

    fn value(&self, path: &FieldPath, layer: &Layer) -> String {
        value(self.secret, path, layer)
    }
}

/// Calls `visit` with the history of every value below the end of `trail`, which `path` names.
pub(super) fn each_field(
    trail: &[&Node],
    path: &FieldPath,
    origins: &Origins,
    sources: &Sources,
    visit: &mut impl FnMut(&FieldPath, Vec<Layer>),
) {
    leaves(&mut trail.to_vec(), path, &mut |trail, path| {
        let mut layers = history(trail, origins, sources);
        let empty = match trail.last().map(|node| &node.value) {
            Some(Value::Mapping(_)) => Some("{}"),
            Some(Value::Sequence(_)) => Some("[]"),
            _ => None,
        };
        if let (Some(empty), Some(first)) = (empty, layers.first_mut()) {
            first.value = Some(empty.into());
        }
        visit(path, layers);
    });
}

/// The value on one line; of a Secret only its length.
pub(super) fn value(secret: bool, path: &FieldPath, layer: &Layer) -> String {
    let Some(text) = layer.value.as_deref() else { return "(a map or a list)".to_owned() };
    let encoded = match path.steps().first() {
        Some(PathStep::Key(key)) if secret && key == "data" => true,
        Some(PathStep::Key(key)) if secret && key == "stringData" => false,
        _ => return text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"),
    };
    let plain: String = text.split_whitespace().collect();
    let length = match BASE64_STANDARD.decode(plain) {
        Ok(bytes) if encoded => bytes.len(),
        _ => text.len(),
    };
    format!("({length} bytes)")
}

/// A value as a table has room for it.
pub(super) fn cut(text: &str) -> String {
    if text.chars().nth(MAX_VALUE).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(MAX_VALUE - 1).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        resource::{Previous, Step},
        source::{OriginId, Span},
    };

    /// `data.key` of an object: a patch over a base.
    fn shown(secret: bool, path: &str, format: Format) -> String {
        let mut sources = Sources::default();
        let base = Span::new(sources.add("base/x.yaml", "key: b2xk\n"), 5..9);
        let patch = Span::new(sources.add("overlays/dev/x.yaml", "key: bmV3ZXI=\n"), 5..13);
        let ask = sources.add("overlays/dev/kustomization.yaml", "patches:\n- path: x.yaml\n");
        let mut origins = Origins::default();
        let previous = Previous { value: Some("b2xk".into()), span: base, origin: OriginId::NONE };
        let origin = origins.record(Step::Patch, Span::new(ask, 17..23), Some(previous));
        let mut data = Node::mapping(base, OriginId::NONE);
        let value = Node::string("bmV3ZXI=", patch, origin);
        data.as_mapping_mut().unwrap().push("key", patch, value);
        let mut root = Node::mapping(base, OriginId::NONE);
        root.as_mapping_mut().unwrap().push("kind", base, Node::string("X", base, OriginId::NONE));
        root.as_mapping_mut().unwrap().push("data", base, data);
        let path: FieldPath = path.parse().unwrap();
        let trail = path.trail(&root).unwrap();
        View { origins: &origins, sources: &sources, secret, trail, path: &path }.text(format)
    }

    #[test]
    fn a_field_is_shown_with_what_it_overrode() {
        let expected = "\
data.key: bmV3ZXI=
  set by         overlays/dev/x.yaml:1:6  patch (overlays/dev/kustomization.yaml:2:9)
  overrode b2xk  base/x.yaml:1:6          resource
";
        assert_eq!(shown(false, "data.key", Format::Pretty), expected);
    }

    #[test]
    fn an_object_is_a_table_of_its_fields() {
        let expected = "\
FIELD     VALUE     WRITTEN AT               SET BY
kind      X         base/x.yaml:1:6          resource
data.key  bmV3ZXI=  overlays/dev/x.yaml:1:6  patch (overlays/dev/kustomization.yaml:2:9)
";
        assert_eq!(shown(false, "", Format::Pretty), expected);
    }

    #[test]
    fn the_values_of_a_secret_are_not_shown() {
        for path in ["", "data", "data.key"] {
            for format in [Format::Pretty, Format::Json] {
                let text = shown(true, path, format);
                assert!(!text.contains("b2xk") && !text.contains("bmV3"), "{text}");
                assert!(text.contains("(5 bytes)"), "{text}");
            }
        }
    }
}
