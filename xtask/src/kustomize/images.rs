//! `images`.
//!
//! Source: kustomize's `filters/imagetag` and `internal/image`: first every list of containers
//! wherever it is, then the fields of the table. Containers of a pod are in both and get a
//! `tagSuffix` twice, as there.

use regex::Regex;

use super::{
    context::{Context, set_text},
    field_spec::{Create, FieldSpec, NotACollection, NotAScalar, visit},
    kustomization::Image,
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    resource::{Origins, ResMap, Step},
    source::Span,
    yaml::{Node, Text, Value},
};

/// Changes the images that an entry of `images:` names, in every list of containers and in the
/// fields that `specs` name.
pub fn images(context: &mut Context<'_>, map: &mut ResMap, image: &Image, specs: &[FieldSpec]) {
    let pattern = format!(
        "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{{}}-]*)?$",
        image.name.value
    );
    let Ok(pattern) = Regex::new(&pattern) else {
        let message = format!("`{}` is not a regular expression", image.name.value);
        context.report(
            Diagnostic::warning(codes::KUSTOMIZE_IMAGE, message, image.name.span)
                .with_help("the name of an image is matched as one: escape its special characters"),
        );
        return;
    };
    let mut change = Change {
        image,
        pattern,
        found: false,
        others: Vec::new(),
        wrong: None,
        no_container: None,
    };
    let by = context.by(Step::Images, image.span);
    for resource in map.iter_mut() {
        if resource.id().gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        change.everywhere(&mut context.origins, &mut resource.node);
        if let Some(wrong) = change.wrong.take() {
            context.not_a_scalar(resource, &[Text::const_new("image")], wrong);
        }
        if let Some(wrong) = change.no_container.take() {
            context.not_a_collection(resource, &[Text::const_new("image")], wrong);
        }
        let gvk = resource.id().gvk.clone();
        for spec in specs.iter().filter(|spec| gvk.is_selected_by(&spec.gvk)) {
            let origins = &mut context.origins;
            let mut collection = None;
            let result = visit(&mut resource.node, &spec.path, Create::Never, by, &mut |field| {
                collection = collection.or(NotAScalar::of(field));
                change.apply(origins, field);
            });
            if let Some(found) = collection {
                context.not_a_scalar(resource, &spec.path, found);
            }
            if let Err(wrong) = result {
                context.not_a_collection(resource, &spec.path, wrong);
            }
        }
    }
    if !change.found {
        let message =
            format!("no image is named `{}`, so the entry changes nothing", image.name.value);
        let hint = did_you_mean(&image.name.value, change.others.iter().map(Text::as_str));
        context.no_effect(message, image.name.span, hint);
    } else if image.new_name.is_none()
        && image.new_tag.is_none()
        && image.digest.is_none()
        && image.tag_suffix.is_none()
    {
        let message = format!(
            "the entry for the image `{}` changes nothing: it has no new name, tag or digest",
            image.name.value
        );
        context.no_effect(message, image.name.span, None);
    }
}

struct Change<'a> {
    image: &'a Image,
    pattern: Regex,
    /// Whether there is such an image.
    found: bool,
    /// The names of other images, until there is such an image.
    others: Vec<Text>,
    /// An image that is no text.
    wrong: Option<NotAScalar>,
    /// A container that is no mapping.
    no_container: Option<NotACollection>,
}

impl Change<'_> {
    /// Every list of containers at any depth.
    fn everywhere(&mut self, origins: &mut Origins, node: &mut Node) {
        match &mut node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                for item in items {
                    self.everywhere(origins, item);
                }
            }
            Value::Mapping(map) => {
                for entry in map.iter_mut() {
                    self.everywhere(origins, &mut entry.value);
                    if !matches!(entry.key.as_str(), "containers" | "initContainers") {
                        continue;
                    }
                    for item in entry.value.as_sequence_mut().into_iter().flatten() {
                        if item.as_mapping().is_none() && !item.is_null() {
                            self.no_container =
                                Some(NotACollection { span: item.span, found: item.describe() });
                        }
                        if let Some(field) = item.get_mut("image") {
                            self.wrong = NotAScalar::of(field).or(self.wrong);
                            self.apply(origins, field);
                        }
                    }
                }
            }
        }
    }

    fn apply(&mut self, origins: &mut Origins, field: &mut Node) {
        let Some(text) = field.scalar_text().filter(|_| !field.is_null()) else { return };
        if !self.pattern.is_match(text) {
            if !self.found {
                self.others.push(split(text).0.into());
            }
            return;
        }
        self.found = true;
        let changes = self.changes(text);
        // The fields of the table come to the containers again: what is done stays as it is.
        if changes.last().is_some_and(|(new, _)| new == text) {
            return;
        }
        for (new, span) in changes {
            set_text(origins, field, new, Step::Images, span);
        }
    }

    /// The image after each field of the entry that changes it, so that each is in the history.
    fn changes(&self, text: &str) -> Vec<(Text, Span)> {
        let (name, tag, digest) = split(text);
        let (mut name, mut tag) = (name, Text::from(tag.unwrap_or("")));
        let mut digest = digest.unwrap_or("");
        let mut changes = Vec::new();
        let Image { new_name, new_tag, tag_suffix, digest: new_digest, .. } = self.image;
        if let Some(new) = new_name {
            name = &new.value;
            changes.push((joined(name, &tag, digest), new.span));
        }
        if let Some(new) = new_digest {
            // A digest alone drops the tag, so that a tag beside it always counts.
            tag.clear();
            digest = &new.value;
            changes.push((joined(name, &tag, digest), new.span));
        }
        if let Some(new) = new_tag {
            tag.clone_from(&new.value);
            if new_digest.is_none() {
                digest = "";
            }
            changes.push((joined(name, &tag, digest), new.span));
        }
        if let (Some(suffix), None, None) = (tag_suffix, new_tag, new_digest) {
            tag.push_str(&suffix.value);
            changes.push((joined(name, &tag, ""), suffix.span));
        }
        if changes.is_empty() {
            changes.push((joined(name, &tag, digest), self.image.span));
        }
        changes
    }
}

/// The image of these parts; an empty one is left out.
fn joined(name: &str, tag: &str, digest: &str) -> Text {
    let mut image = Text::from(name);
    for (separator, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            image.push(separator);
            image.push_str(part);
        }
    }
    image
}

/// Name, tag and digest of an image. A colon before the first slash belongs to the registry.
pub fn split(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let host = image.find('/').filter(|&at| at > 0).unwrap_or(0);
    let find = |c| image.get(host..).and_then(|rest| rest.find(c)).map(|at| at + host);
    let part = |from: usize, to: usize| image.get(from..to).unwrap_or("");
    match (find(':'), find('@')) {
        (None, None) => (image, None, None),
        (Some(tag), None) => (part(0, tag), Some(part(tag + 1, image.len())), None),
        (tag, Some(digest)) if tag.is_none_or(|tag| digest < tag) => {
            (part(0, digest), None, Some(part(digest + 1, image.len())))
        }
        (tag, digest) => {
            let (tag, digest) = (tag.unwrap_or(0), digest.unwrap_or(image.len()));
            (part(0, tag), Some(part(tag + 1, digest)), Some(part(digest + 1, image.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_name_tag_and_digest() {
        assert_eq!(split("nginx"), ("nginx", None, None));
        assert_eq!(split("nginx:1.0"), ("nginx", Some("1.0"), None));
        assert_eq!(split("host:5000/nginx"), ("host:5000/nginx", None, None));
        assert_eq!(split("host:5000/nginx:1"), ("host:5000/nginx", Some("1"), None));
        assert_eq!(split("nginx@sha256:ab"), ("nginx", None, Some("sha256:ab")));
        assert_eq!(split("a/b:1@sha256:ab"), ("a/b", Some("1"), Some("sha256:ab")));
    }
}
