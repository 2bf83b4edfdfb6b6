//! Rendering one template.

use std::collections::BTreeSet;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig,
    value::{Kwargs, ValueKind},
};

use super::{
    expression::Names,
    filters,
    json::to_json,
    object::{Made, Shared, value_of},
    report,
    trace::trace,
    values::Values,
};
use crate::{
    diag::Diagnostic,
    source::{SourceId, Sources, Span},
};

/// How many steps a template may take: more than any manifest needs, and done in a second.
pub(super) const FUEL: u64 = 2_000_000;

/// How long an output may be, in bytes.
pub(super) const MAX_OUTPUT: usize = 16 * 1024 * 1024;

/// Renders templates, and remembers which values they used.
pub struct Renderer {
    environment: Environment<'static>,
    log: Shared,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// A renderer for the templates of one build.
    pub fn new() -> Self {
        let log = Shared::default();
        let mut environment = plain_environment();
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("quote", filters::quote);
        environment.add_filter("required", filters::required);
        environment.add_filter("indent", filters::indent);
        environment.add_function("fail", filters::fail);
        let of_json = log.clone();
        environment.add_filter(
            "tojson",
            move |value: Value, indent: Option<Value>, options: Kwargs| {
                to_json(&of_json, &value, indent, &options)
            },
        );
        let of_prints = log.clone();
        environment.set_formatter(move |out, state, value| {
            match value.kind() {
                ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
                ValueKind::None => return Err(filters::unsafe_value("it is none")),
                ValueKind::Map => return Err(filters::unsafe_value("it is a map")),
                ValueKind::Seq | ValueKind::Iterable => {
                    return Err(filters::unsafe_value("it is a list"));
                }
                _ => {}
            }
            let made = match value.as_str() {
                Some(_) if !value.is_safe() => Made::RawString,
                Some(text) if text.starts_with('"') => Made::Quoted,
                _ => Made::Other,
            };
            // YAML and JSON write booleans in lower case.
            let boolean = (value.kind() == ValueKind::Bool).then(|| value.is_true());
            let value = &boolean.map_or_else(|| value.clone(), |is| Value::from(is.to_string()));
            if of_prints.lock().print(value.to_string(), made) > MAX_OUTPUT {
                return Err(Error::from(ErrorKind::WriteFailure));
            }
            escape_formatter(out, state, value)
        });
        Self { environment, log }
    }

    /// The values that were looked up so far.
    pub fn used(&self) -> BTreeSet<Span> {
        self.log.lock().used.clone()
    }

    /// The paths that a template mentions, in branches that were not taken as well.
    pub fn mentions(&self, sources: &Sources, template: SourceId) -> BTreeSet<String> {
        let source = sources.get(template);
        let compiled = self.environment.template_from_named_str(&source.path, &source.text);
        compiled.map(|template| template.undeclared_variables(true)).into_iter().flatten().collect()
    }

    /// Renders a template. The output is a source of its own, with the template's path and a map
    /// back to the template and the values; `None` if it cannot be rendered, which is reported.
    pub fn render(
        &self,
        sources: &mut Sources,
        template: SourceId,
        values: &Values,
        out: &mut Vec<Diagnostic>,
    ) -> Option<SourceId> {
        self.log.lock().start();
        let (path, text) = {
            let source = sources.get(template);
            (source.path.clone(), source.text.clone())
        };
        let context = value_of(values.root(), &self.log);
        let rendered = self
            .environment
            .template_from_named_str(&path, &text)
            .and_then(|template| template.render_with_spans(context));
        let names = Names::read(&text);
        let (output, spans) = match rendered {
            Ok((output, _)) if output.len() > MAX_OUTPUT => {
                out.push(report::too_large(Span::start_of(template)));
                return None;
            }
            Ok(rendered) => rendered,
            Err(error) => {
                out.push(report::diagnostic(&error, template, &text, values, &names));
                return None;
            }
        };
        let (map, problems) = trace(&self.log.lock(), &names, (template, &text), &output, &spans);
        let failed = !problems.is_empty();
        out.extend(problems);
        (!failed).then(|| sources.add_rendered(path, output, map))
    }
}

/// The environment as far as it decides what a template that renders at all prints.
fn plain_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.expect("the delimiters are the default ones"));
    environment
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
