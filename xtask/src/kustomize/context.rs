//! What every step of a build works with.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    Options,
    field_spec::{By, Create, FieldSpec, NotACollection, NotAScalar, visit},
    merge_keys::Schemas,
    values::Templates,
};
use crate::{
    diag::{Diagnostic, codes},
    resource::{Origins, Resource, Step},
    source::{FileError, OriginId, SourceId, Sources, Span, relative_to},
    yaml::{Node, Scalar, ScalarKind, Text, Value},
};

/// The state of one build.
pub struct Context<'a> {
    /// Every text that was read.
    pub sources: &'a mut Sources,
    /// The histories of the fields.
    pub origins: Origins,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// What is wrong if the field with this history is still as it is at the end.
    pub pending: Vec<(OriginId, Diagnostic)>,
    /// Paths in messages are relative to this directory, as it is written and as it is with
    /// symbolic links followed.
    pub bases: Vec<PathBuf>,
    /// The directories of the kustomizations that were read.
    pub directories: BTreeSet<PathBuf>,
    /// The templates and their values.
    pub templates: Templates,
    /// Which lists patches merge.
    pub schemas: Schemas,
    /// Whether the kustomization at work is a component.
    pub in_component: bool,
}

impl<'a> Context<'a> {
    /// The state at the beginning of a build.
    pub fn new(sources: &'a mut Sources, options: &Options) -> Self {
        Self {
            sources,
            origins: Origins::new(options.origins),
            diagnostics: Vec::new(),
            pending: Vec::new(),
            bases: [Some(options.base.clone()), options.base.canonicalize().ok()]
                .into_iter()
                .flatten()
                .collect(),
            directories: BTreeSet::new(),
            templates: Templates::default(),
            schemas: Schemas::default(),
            in_component: false,
        }
    }

    /// How many errors were reported.
    pub fn error_count(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// A path for messages: relative to the base where it is below it.
    pub fn show(&self, path: &Path) -> String {
        match self.bases.iter().find(|base| path.starts_with(base)) {
            Some(base) => relative_to(path, base),
            None => path.display().to_string(),
        }
    }

    /// Adds the text of a file.
    pub fn add_file(&mut self, path: &Path, text: String) -> SourceId {
        let shown = self.show(path);
        self.sources.add(shown, text)
    }

    /// Reports that a file gave no text.
    pub fn unreadable(&mut self, path: &Path, error: &FileError, at: Span) {
        let shown = self.show(path);
        let diagnostic = Diagnostic::error(
            codes::KUSTOMIZE_UNREADABLE,
            format!("`{shown}` cannot be read: {error}"),
            at,
        );
        self.report(match error {
            FileError::NotUtf8(_) => diagnostic.with_help("save it as UTF-8"),
            _ => diagnostic,
        });
    }

    /// Reports a problem.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Warns that an entry changes nothing. A component is written for many kustomizations, so what
    /// it does not find in one of them is no mistake.
    pub fn no_effect(&mut self, message: impl Into<String>, at: Span, hint: Option<String>) {
        if !self.in_component {
            let help = hint.unwrap_or_else(|| "remove the entry, or correct what it names".into());
            let warning = Diagnostic::warning(codes::KUSTOMIZE_NO_EFFECT, message.into(), at);
            self.report(warning.with_help(help));
        }
    }

    /// A step that creates fields, asked for at `span`.
    pub fn by(&mut self, step: Step, span: Span) -> By {
        By { span, origin: self.origins.record(step, span, None) }
    }

    /// Keeps a whole text from being shown.
    pub fn hide_text(&mut self, source: SourceId) {
        self.sources.hide(self.sources.whole(source));
    }

    /// Calls `set` with each single value at the end of a field spec's path, which is created where
    /// the field spec says so, and reports what is none.
    pub fn set_scalars(
        &mut self,
        resource: &mut Resource,
        spec: &FieldSpec,
        by: By,
        mut set: impl FnMut(&mut Origins, &mut Node),
    ) {
        let create = if spec.create { Create::Scalar } else { Create::Never };
        let (origins, mut collection) = (&mut self.origins, None);
        let result = visit(&mut resource.node, &spec.path, create, by, &mut |field| {
            collection = NotAScalar::of(field).or(collection);
            if collection.is_none() {
                set(origins, field);
            }
        });
        if let Err(wrong) = result {
            self.not_a_collection(resource, &spec.path, wrong);
        }
        if let Some(wrong) = collection {
            self.not_a_scalar(resource, &spec.path, wrong);
        }
    }

    /// Reports that a field is a collection where a single value is expected.
    pub fn not_a_scalar(&mut self, resource: &Resource, path: &[Text], wrong: NotAScalar) {
        let path: Vec<&str> = path.iter().map(Text::as_str).collect();
        let message = format!(
            "`{}` of {} is {}, where a single value is expected",
            path.join("."),
            resource.id(),
            wrong.found
        );
        self.report(
            Diagnostic::error(codes::KUSTOMIZE_FIELD_SHAPE, message, wrong.span)
                .with_help("name a field below it in the field spec, or write a single value here"),
        );
    }

    /// Reports that a path leads through something that is not a collection.
    pub fn not_a_collection(&mut self, resource: &Resource, path: &[Text], wrong: NotACollection) {
        let path: Vec<&str> = path.iter().map(Text::as_str).collect();
        let message = format!(
            "`{}` of {} leads through {}, where a mapping is expected",
            path.join("."),
            resource.id(),
            wrong.found
        );
        self.report(
            Diagnostic::error(codes::KUSTOMIZE_FIELD_SHAPE, message, wrong.span)
                .with_help("shorten the path of the field spec, or write a mapping here"),
        );
    }
}

/// Sets the text of a scalar and notes what it overrode. Nothing happens where it says so already.
pub fn set_text(origins: &mut Origins, node: &mut Node, text: Text, step: Step, span: Span) {
    set_scalar(origins, node, Scalar { kind: ScalarKind::String, text }, step, span);
}

/// Sets a scalar and notes what it overrode.
pub fn set_scalar(origins: &mut Origins, node: &mut Node, scalar: Scalar, step: Step, span: Span) {
    if node.as_scalar() == Some(&scalar) {
        return;
    }
    let created = node.span == span && node.scalar_text() == Some("");
    node.origin = if created {
        origins.record(step, span, None)
    } else {
        origins.record_over(step, span, node)
    };
    node.span = span;
    node.value = Value::Scalar(scalar);
}
