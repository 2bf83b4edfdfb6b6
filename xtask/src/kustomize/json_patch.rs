//! JSON 6902 patches.
//!
//! Source: RFC 6902, as `evanphx/json-patch` v4 applies it for kustomize: `replace` of a missing key
//! adds it, a negative index counts from the end.

use super::{
    context::Context,
    objects::{check_tabs, drop_unmapped_annotations, missing_identity, normalize},
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Resource, Step},
    source::Span,
    yaml::{Mapping, Node, Scalar, Text, Value, same_json},
};

/// How many nodes `copy` may add to one object.
const COPY_BUDGET: usize = 200_000;

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    kind: Kind,
    path: Pointer,
    from: Option<Pointer>,
    value: Option<Node>,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// A JSON pointer (RFC 6901) and where it is written.
#[derive(Clone, Debug)]
struct Pointer {
    text: Text,
    keys: Vec<Text>,
    span: Span,
}

/// Reads the operations of a patch; `None` if one is malformed, which has been reported.
pub fn read(context: &mut Context<'_>, patch: &Node) -> Option<Vec<Operation>> {
    let Some(items) = patch.as_sequence() else {
        context.report(Diagnostic::error(
            codes::PATCH_MALFORMED,
            format!("a JSON 6902 patch must be a sequence of operations, not {}", patch.describe()),
            patch.span,
        ));
        return None;
    };
    items.iter().map(|item| operation(context, item)).collect()
}

fn operation(context: &mut Context<'_>, item: &Node) -> Option<Operation> {
    let malformed = |context: &mut Context<'_>, message: String, span| {
        context.report(Diagnostic::error(codes::PATCH_MALFORMED, message, span));
        None
    };
    if item.as_mapping().is_none() {
        return malformed(
            context,
            format!("an operation must be a mapping, not {}", item.describe()),
            item.span,
        );
    }
    let Some(op) = item.get("op") else {
        return malformed(context, "the operation has no `op`".to_owned(), item.span);
    };
    let kind = match op.scalar_text() {
        Some("add") => Kind::Add,
        Some("remove") => Kind::Remove,
        Some("replace") => Kind::Replace,
        Some("move") => Kind::Move,
        Some("copy") => Kind::Copy,
        Some("test") => Kind::Test,
        other => {
            let found = other.unwrap_or_else(|| op.describe());
            return malformed(
                context,
                format!(
                    "`op` must be `add`, `remove`, `replace`, `move`, `copy` or `test`, not `{found}`"
                ),
                op.span,
            );
        }
    };
    let path = match item.get("path").map(pointer) {
        Some(Ok(path)) => path,
        Some(Err((message, span))) => return malformed(context, message, span),
        None => return malformed(context, "the operation has no `path`".to_owned(), item.span),
    };
    let from = match item.get("from").map(pointer) {
        Some(Ok(from)) => Some(from),
        Some(Err((message, span))) => return malformed(context, message, span),
        None if matches!(kind, Kind::Move | Kind::Copy) => {
            return malformed(context, "the operation has no `from`".to_owned(), item.span);
        }
        None => None,
    };
    let value = item.get("value").cloned();
    if let Some(value) = &value
        && (path.text.starts_with("/data") || path.text.starts_with("/stringData"))
    {
        context.sources.hide(value.span);
    }
    if value.is_none() && matches!(kind, Kind::Add | Kind::Replace) {
        context.report(
            Diagnostic::warning(
                codes::PATCH_MALFORMED,
                "the operation has no `value`, so it sets null",
                item.span,
            )
            .with_help("add `value:`"),
        );
    }
    Some(Operation { kind, path, from, value, span: item.span })
}

fn pointer(node: &Node) -> Result<Pointer, (String, Span)> {
    let Some(text) = node.as_str() else {
        return Err((format!("a path must be a string, not {}", node.describe()), node.span));
    };
    if !text.is_empty() && !text.starts_with('/') {
        return Err((format!("the path `{text}` must begin with `/`"), node.span));
    }
    let unescape = |key: &str| Text::from(key.replace("~1", "/").replace("~0", "~"));
    let keys = text.split('/').skip(1).map(unescape).collect();
    Ok(Pointer { text: text.into(), keys, span: node.span })
}

/// Applies the operations in order, until one does not apply, which is reported.
pub fn apply(
    context: &mut Context<'_>,
    resource: &mut Resource,
    operations: &[Operation],
    via: Span,
) {
    let id = resource.id().to_string();
    apply_to_node(context, &mut resource.node, operations, via, &id);
    normalize(&mut resource.node);
    check_tabs(context, &resource.node);
    if let Some(metadata) = resource.node.get_mut("metadata").and_then(Node::as_mapping_mut) {
        drop_unmapped_annotations(metadata);
    }
    if let Some(field) = missing_identity(&resource.node) {
        let message = format!("the patch leaves {} without `{field}`", resource.id());
        context.report(
            Diagnostic::error(codes::PATCH_DOES_NOT_APPLY, message, via)
                .with_related(resource.span(), "the object")
                .with_help("every object needs a kind and a name"),
        );
    }
}

/// Applies the operations in order to any node, which messages call `name`, until one does not apply,
/// which is reported.
pub fn apply_to_node(
    context: &mut Context<'_>,
    node: &mut Node,
    operations: &[Operation],
    via: Span,
    name: &str,
) {
    let object = node.span;
    let mut budget = COPY_BUDGET;
    for operation in operations {
        let mut step = Apply { context, via, budget: &mut budget };
        if let Err((message, span)) = step.operation(node, operation) {
            let diagnostic = Diagnostic::error(
                codes::PATCH_DOES_NOT_APPLY,
                format!("the patch does not apply to {name}: {message}"),
                span,
            );
            context.report(
                diagnostic
                    .with_related(object, "the object")
                    .with_help("correct the path or the value, or add what is missing first"),
            );
            break;
        }
    }
}

/// Whether operations put something else in the place of the annotations, or of what holds them.
pub fn replace_annotations(operations: &[Operation]) -> bool {
    let whole =
        |path: &Pointer| matches!(path.text.as_str(), "/metadata" | "/metadata/annotations");
    operations.iter().any(|operation| match operation.kind {
        Kind::Test => false,
        Kind::Move => operation.from.as_ref().is_some_and(whole) || whole(&operation.path),
        _ => whole(&operation.path),
    })
}

struct Apply<'c, 's> {
    context: &'c mut Context<'s>,
    via: Span,
    budget: &'c mut usize,
}

type Failure = (String, Span);

impl Apply<'_, '_> {
    fn operation(&mut self, root: &mut Node, operation: &Operation) -> Result<(), Failure> {
        let path = &operation.path;
        match operation.kind {
            Kind::Add => {
                let value = self.value(operation);
                self.add(root, path, value)
            }
            Kind::Remove => remove(root, path).map(|_| ()),
            Kind::Replace => {
                let value = self.value(operation);
                self.replace(root, path, value)
            }
            Kind::Move => {
                let from = operation.from.as_ref().unwrap_or(path);
                let value = remove(root, from)?;
                self.add(root, path, value)
            }
            Kind::Copy => {
                let from = operation.from.as_ref().unwrap_or(path);
                let value = self.copied(root, from)?;
                *self.budget = self.budget.checked_sub(value.count()).ok_or_else(|| {
                    (format!("copies add more than {COPY_BUDGET} nodes"), operation.span)
                })?;
                self.add(root, path, value)
            }
            Kind::Test => test(root, operation),
        }
    }

    fn value(&mut self, operation: &Operation) -> Node {
        let span = operation.span;
        let value = Value::Scalar(Scalar::null());
        let mut node = operation.value.clone().unwrap_or_else(|| Node::new(value, span));
        let origin = self.context.origins.record(Step::Patch, self.via, None);
        node.visit_mut(&mut |node| node.origin = origin);
        node
    }

    /// A copy of a value. A key that is missing is copied as null, as the library does that
    /// kustomize uses.
    fn copied(&mut self, root: &mut Node, from: &Pointer) -> Result<Node, Failure> {
        let Some((container, key)) = container(root, from)? else { return Err(missing(from)) };
        if let Value::Mapping(map) = &container.value {
            return Ok(map.get(key).cloned().unwrap_or_else(|| {
                let origin = self.context.origins.record(Step::Patch, self.via, None);
                Node { value: Value::Scalar(Scalar::null()), span: from.span, origin }
            }));
        }
        get(root, from).cloned()
    }

    fn over(&mut self, mut new: Node, old: &Node) -> Node {
        new.origin = self.context.origins.record_over(Step::Patch, self.via, old);
        new
    }

    fn add(&mut self, root: &mut Node, path: &Pointer, value: Node) -> Result<(), Failure> {
        let Some((container, key)) = container(root, path)? else {
            let message = "`add` cannot take the place of the whole object: use `replace`";
            return Err((message.to_owned(), path.span));
        };
        match &mut container.value {
            Value::Mapping(map) => {
                let old = map.get(key).cloned();
                let value = old.map_or(value.clone(), |old| self.over(value, &old));
                map.insert(key, path.span, value);
            }
            Value::Sequence(items) if key == "-" => items.push(value),
            Value::Sequence(items) => {
                let at = index(key, items.len() + 1, path)?;
                items.insert(at, value);
            }
            Value::Scalar(_) => return Err(missing(path)),
        }
        Ok(())
    }

    fn replace(&mut self, root: &mut Node, path: &Pointer, value: Node) -> Result<(), Failure> {
        let Some((container, key)) = container(root, path)? else {
            *root = self.over(value, &root.clone());
            return Ok(());
        };
        match &mut container.value {
            Value::Mapping(map) => {
                let value = match map.get(key).cloned() {
                    Some(old) => self.over(value, &old),
                    None => value,
                };
                map.insert(key, path.span, value);
                Ok(())
            }
            Value::Sequence(items) => {
                let at = index(key, items.len(), path)?;
                let Some(slot) = items.get_mut(at) else { return Err(missing(path)) };
                *slot = self.over(value, slot);
                Ok(())
            }
            Value::Scalar(_) => Err(missing(path)),
        }
    }
}

fn missing(path: &Pointer) -> Failure {
    (format!("there is no `{}`", path.text), path.span)
}

/// The collection that holds the last key of a path; `None` for the path of the whole object.
fn container<'n, 'p>(
    root: &'n mut Node,
    path: &'p Pointer,
) -> Result<Option<(&'n mut Node, &'p str)>, Failure> {
    let Some((last, way)) = path.keys.split_last() else { return Ok(None) };
    let mut node = root;
    for key in way {
        node = match &mut node.value {
            Value::Mapping(map) => map.get_mut(key),
            Value::Sequence(items) => {
                let at = index(key, items.len(), path)?;
                items.get_mut(at)
            }
            Value::Scalar(_) => None,
        }
        .ok_or_else(|| missing(path))?;
    }
    Ok(Some((node, last)))
}

fn get<'n>(root: &'n mut Node, path: &Pointer) -> Result<&'n Node, Failure> {
    let Some((container, key)) = container(root, path)? else { return Err(missing(path)) };
    match &container.value {
        Value::Mapping(map) => map.get(key),
        Value::Sequence(items) => items.get(index(key, items.len(), path)?),
        Value::Scalar(_) => None,
    }
    .ok_or_else(|| missing(path))
}

fn remove(root: &mut Node, path: &Pointer) -> Result<Node, Failure> {
    let Some((container, key)) = container(root, path)? else { return Err(missing(path)) };
    match &mut container.value {
        Value::Mapping(map) => {
            map.remove(key).map(|entry| entry.value).ok_or_else(|| missing(path))
        }
        Value::Sequence(items) => {
            let at = index(key, items.len(), path)?;
            Ok(items.remove(at))
        }
        Value::Scalar(_) => Err(missing(path)),
    }
}

/// The place in a list of `length` elements; a negative index counts from the end.
fn index(key: &str, length: usize, path: &Pointer) -> Result<usize, Failure> {
    let not_an_index =
        || (format!("`{key}` in `{}` is not an index of a sequence", path.text), path.span);
    let at: i64 = key.parse().map_err(|_| not_an_index())?;
    let length_signed = i64::try_from(length).map_err(|_| not_an_index())?;
    let at = if at < 0 { at + length_signed } else { at };
    usize::try_from(at).ok().filter(|&at| at < length).ok_or_else(|| {
        (
            format!(
                "index `{key}` in `{}` is out of range: the sequence has {length} elements",
                path.text
            ),
            path.span,
        )
    })
}

fn test(root: &mut Node, operation: &Operation) -> Result<(), Failure> {
    let path = &operation.path;
    let is_null = operation.value.as_ref().is_none_or(Node::is_null);
    let found = match container(root, path)? {
        None => Some(&*root),
        Some((container, key)) => match &container.value {
            Value::Mapping(map) => map.get(key),
            Value::Sequence(items) => items.get(index(key, items.len(), path)?),
            Value::Scalar(_) => None,
        },
    };
    let equal = match (found, &operation.value) {
        (None, _) => is_null,
        (Some(found), None) => found.is_null(),
        (Some(found), Some(value)) => same_json(found, value),
    };
    if equal {
        return Ok(());
    }
    // The values may be those of a Secret and are not shown.
    Err((
        format!("the value of `{}` is not the one that `test` expects", path.text),
        operation.span,
    ))
}

/// Makes sure that an object has annotations to patch: kustomize keeps its own notes there.
pub fn ensure_annotations(node: &mut Node, span: Span) {
    let Some(metadata) = node.get_mut("metadata").and_then(Node::as_mapping_mut) else { return };
    if metadata.get("annotations").is_none_or(Node::is_null) {
        let empty = Value::Mapping(Mapping::default());
        metadata.insert("annotations", span, Node::new(empty, span));
    }
}
