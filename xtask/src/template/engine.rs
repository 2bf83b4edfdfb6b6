//! Rendering one template.

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, OutputSpan, OutputSpanKind, UndefinedBehavior,
    Value, escape_formatter,
    syntax::SyntaxConfig,
    value::{Kwargs, ValueKind},
};

use super::{
    object::{Shared, value_of},
    safety,
    values::{Values, keys},
};
use crate::{
    diag::{Diagnostic, codes, did_you_mean},
    source::{RenderMap, Segment, SourceId, Sources, Span},
    yaml::{Node, Text},
};

/// How many steps a template may take: more than any manifest needs, and done in a second.
const FUEL: u64 = 2_000_000;

/// How long an output may be.
const MAX_OUTPUT: usize = 16 * 1024 * 1024;

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
        let mut environment = Environment::new();
        environment.set_debug(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        environment.set_syntax(syntax.expect("the delimiters are the default ones"));
        environment.add_filter("quote", quote);
        environment.add_filter("required", required);
        environment.add_filter("indent", indent);
        environment.add_function("fail", fail);
        let of_json = log.clone();
        environment.add_filter("tojson", move |value: Value, options: Kwargs| {
            to_json(&of_json, &value, &options)
        });
        let of_prints = log.clone();
        environment.set_formatter(move |out, state, value| {
            match value.kind() {
                ValueKind::None => return Err(unsafe_value("it is none")),
                ValueKind::Map => return Err(unsafe_value("it is a map")),
                ValueKind::Seq | ValueKind::Iterable => return Err(unsafe_value("it is a list")),
                _ => {}
            }
            let raw_string = value.as_str().is_some() && !value.is_safe();
            of_prints.lock().print(value.to_string(), raw_string);
            escape_formatter(out, state, value)
        });
        Self { environment, log }
    }

    /// The leaves of all values that were looked up so far.
    pub fn used(&self) -> std::collections::BTreeSet<Span> {
        self.log.lock().used.clone()
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
        let (output, spans) = match rendered {
            Ok(rendered) => rendered,
            Err(error) => {
                out.push(Self::diagnostic(&error, template, &text, values));
                return None;
            }
        };
        if output.len() > MAX_OUTPUT {
            out.push(Diagnostic::error(
                codes::TEMPLATE_TOO_LARGE,
                format!("the template renders to more than {} MiB", MAX_OUTPUT / (1024 * 1024)),
                Span::start_of(template),
            ));
            return None;
        }
        let (map, problems) = self.trace(template, &output, &spans);
        let failed = !problems.is_empty();
        out.extend(problems);
        (!failed).then(|| sources.add_rendered(path, output, map))
    }

    /// Maps an output to what it was made of, and reports strings that do not mean themselves
    /// where they were printed.
    fn trace(
        &self,
        template: SourceId,
        output: &str,
        spans: &[OutputSpan],
    ) -> (RenderMap, Vec<Diagnostic>) {
        let log = self.log.lock();
        let mut printed = log.printed.iter().filter(|printed| !printed.text.is_empty());
        let mut map = RenderMap::default();
        let mut problems = Vec::new();
        for span in spans {
            let (range, from) = (span.output_range(), span.source_range());
            let from = Span::new(template, offset(from.start)..offset(from.end));
            let literal = span.kind() == OutputSpanKind::Raw;
            let mut value = None;
            if !literal {
                let shown = output.get(range.clone()).unwrap_or("");
                // What a macro printed is captured first and printed again by its caller.
                if let Some(printed) = printed.find(|printed| printed.text == shown) {
                    value = printed.place;
                    let before = output.get(..range.start).unwrap_or("");
                    let after = output.get(range.end..).unwrap_or("");
                    let problem = safety::problem(shown, before, after);
                    if let Some(problem) = problem.filter(|_| printed.raw_string) {
                        problems.push(unsafe_string(problem, from, value.map(|(span, _)| span)));
                    }
                }
            }
            let rendered = offset(range.start)..offset(range.end);
            map.segments.push(Segment { rendered, template: from, literal, value });
        }
        (map, problems)
    }

    fn diagnostic(error: &Error, template: SourceId, text: &str, values: &Values) -> Diagnostic {
        let range = error.range().filter(|range| range.end <= text.len()).unwrap_or_else(|| {
            let line = error.line().unwrap_or(1).max(1);
            let start = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            start..start
        });
        let span = Span::new(template, offset(range.start)..offset(range.end));
        let expression = text.get(range).unwrap_or("");
        let detail = error.detail().unwrap_or_default().to_owned();
        match error.kind() {
            ErrorKind::UndefinedError => undefined(expression, span, values),
            ErrorKind::SyntaxError => Diagnostic::error(codes::TEMPLATE_SYNTAX, detail, span),
            ErrorKind::OutOfFuel => Diagnostic::error(
                codes::TEMPLATE_OUT_OF_FUEL,
                format!("the template takes more than {FUEL} steps"),
                span,
            )
            .with_help("a loop may be endless, or far larger than it should be"),
            ErrorKind::TemplateNotFound => Diagnostic::error(
                codes::TEMPLATE_ERROR,
                "a template cannot include another file",
                span,
            )
            .with_help("list the other file under `resources`"),
            ErrorKind::BadEscape => unsafe_string(&detail, span, place_of(expression, values)),
            _ => {
                let message = if detail.is_empty() { error.kind().to_string() } else { detail };
                Diagnostic::error(codes::TEMPLATE_ERROR, message, span)
            }
        }
    }
}

/// Where the value of an expression is written, if it is a plain path.
fn place_of(expression: &str, values: &Values) -> Option<Span> {
    let mut node = values.root();
    for key in path_of(expression) {
        node = node.get(&key)?;
    }
    (!std::ptr::eq(node, values.root())).then_some(node.span)
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The keys of the path that an expression begins with: `image`, `tag` of `image.tag | upper`.
fn path_of(expression: &str) -> Vec<Text> {
    let end = expression
        .find(|c: char| !(c.is_alphanumeric() || "_.[]\"'".contains(c)))
        .unwrap_or(expression.len());
    let path = expression.get(..end).unwrap_or("");
    path.split(['.', '[', ']', '"', '\'']).filter(|part| !part.is_empty()).map(Text::from).collect()
}

/// A diagnostic for what is undefined: how far the path leads, and what is there.
fn undefined(expression: &str, span: Span, values: &Values) -> Diagnostic {
    let path = path_of(expression);
    let shown = if path.is_empty() { expression.trim().to_owned() } else { path.join(".") };
    let mut node: &Node = values.root();
    let mut known = 0;
    let mut missing = None;
    for key in &path {
        let Some(next) = node.get(key) else {
            missing = Some(key);
            break;
        };
        node = next;
        known += 1;
    }
    let message = format!("`{shown}` is undefined");
    let diagnostic = Diagnostic::error(codes::TEMPLATE_UNDEFINED, message, span);
    let Some(missing) = missing else { return diagnostic };
    let there = node.as_mapping().map(keys).unwrap_or_default();
    let there: Vec<&str> = there.iter().map(Text::as_str).collect();
    let parent: Vec<&str> = path.iter().take(known).map(Text::as_str).collect();
    let of = if parent.is_empty() {
        "the values have".to_owned()
    } else {
        format!("`{}` has", parent.join("."))
    };
    let diagnostic = if known > 0 {
        let first = node.as_mapping().and_then(|map| map.iter().next());
        let at = first.map_or(node.span, |entry| entry.key_span);
        diagnostic.with_related(at, format!("{of} its values here"))
    } else {
        diagnostic
    };
    match did_you_mean(missing, there.iter().copied()) {
        Some(help) => diagnostic.with_help(help),
        None if there.is_empty() => {
            diagnostic.with_help(format!("{of} no keys; add `{missing}` to a `values.yaml`"))
        }
        None => diagnostic.with_help(format!("{of}: {}", there.join(", "))),
    }
}

/// A diagnostic for a value that does not mean itself where it is printed.
fn unsafe_string(problem: &str, span: Span, value: Option<Span>) -> Diagnostic {
    // The value itself may be a secret and is not shown.
    let message = format!("the value that is printed here is not safe in YAML: {problem}");
    let diagnostic = Diagnostic::error(codes::TEMPLATE_UNSAFE_VALUE, message, span)
        .with_help("print it with `| quote`, `| tojson` or, for several lines, `| indent(n)`");
    match value {
        Some(value) => diagnostic.with_related(value, "the value is set here"),
        None => diagnostic,
    }
}

/// The error of the formatter; its kind is one that nothing else here uses.
fn unsafe_value(problem: &'static str) -> Error {
    Error::new(ErrorKind::BadEscape, problem)
}

/// A string in double quotes, which YAML reads as JSON does.
fn quote(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Err(unsafe_value("it is none")),
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => {
            Err(Error::new(ErrorKind::InvalidOperation, "`quote` takes one value; use `tojson`"))
        }
        _ => Ok(Value::from_safe_string(serde_json::Value::from(value.to_string()).to_string())),
    }
}

/// The value, or an error with a message if there is none.
fn required(value: Value, message: &str) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()));
    }
    Ok(value)
}

/// Ends the rendering with a message.
fn fail(message: &str) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()))
}

/// Indents every line but the first, as minijinja does, and lets the result be printed as it is.
#[expect(clippy::needless_pass_by_value, reason = "minijinja hands over its arguments")]
fn indent(value: &str, width: usize, options: Kwargs) -> Result<Value, Error> {
    let first: Option<bool> = options.get("first")?;
    let blank: Option<bool> = options.get("blank")?;
    options.assert_all_used()?;
    let margin = " ".repeat(width);
    let mut indented = String::with_capacity(value.len());
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
        }
        let wanted = number > 0 || first.unwrap_or(false);
        if wanted && (!line.is_empty() || blank.unwrap_or(false)) {
            indented.push_str(&margin);
        }
        indented.push_str(line);
    }
    Ok(Value::from_safe_string(indented))
}

/// A value as JSON, which is YAML in one line.
fn to_json(log: &Shared, value: &Value, options: &Kwargs) -> Result<Value, Error> {
    let width: Option<usize> = options.get("indent")?;
    options.assert_all_used()?;
    let mark = log.lock().mark();
    let json = json(value)?;
    log.lock().fold(mark);
    let text = match width {
        None => json.to_string(),
        Some(_) => serde_json::to_string_pretty(&json)
            .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?,
    };
    Ok(Value::from_safe_string(text))
}

fn json(value: &Value) -> Result<serde_json::Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Seq | ValueKind::Iterable => value.try_iter()?.map(|item| json(&item)).collect(),
        ValueKind::Map => value
            .try_iter()?
            .map(|key| Ok((key.to_string(), json(&value.get_item(&key)?)?)))
            .collect(),
        _ => serde_json::to_value(value)
            .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string())),
    }
}
