//! From the output of a template back to what it was made of.

use std::{collections::BTreeMap, ops::Range};

use minijinja::{OutputSpan, OutputSpanKind};

use super::{
    expression::Names,
    object::{Log, Made, Place, Printed},
    report, safety,
};
use crate::{
    diag::Diagnostic,
    source::{RenderMap, Segment, SourceId, Span},
};

/// How many of the last prints into macros and `set` blocks are looked for in the output.
const MAX_CAPTURED: usize = 1024;

/// One stretch of the output that an expression printed.
struct Expression<'a> {
    output: &'a str,
    start: usize,
    end: usize,
    template: Span,
    text: &'a str,
}

/// Maps an output to what it was made of, and reports strings that do not mean themselves where
/// they were printed.
pub(super) fn trace(
    log: &Log,
    names: &Names,
    (template, text): (SourceId, &str),
    output: &str,
    spans: &[OutputSpan],
) -> (RenderMap, Vec<Diagnostic>) {
    let mut printed = log.printed.iter().filter(|printed| !printed.text.is_empty());
    // What a macro or a `set` block printed; it is printed again where its text is used.
    let mut captured: Vec<&Printed> = Vec::new();
    let mut origins = BTreeMap::new();
    let mut map = RenderMap::default();
    let mut problems = Vec::new();
    for span in spans {
        let (range, from) = (span.output_range(), span.source_range());
        let at = Span::new(template, offset(from.start)..offset(from.end));
        if span.kind() == OutputSpanKind::Raw {
            let rendered = offset(range.start)..offset(range.end);
            map.segments.push(Segment { rendered, template: at, literal: true, value: None });
            continue;
        }
        let expression = Expression {
            output,
            start: range.start,
            end: range.end,
            template: at,
            text: text.get(from).unwrap_or(""),
        };
        let shown = output.get(range).unwrap_or("");
        let before = captured.len();
        let own = printed.by_ref().find(|printed| {
            let own = printed.text == shown;
            if !own {
                captured.push(printed);
            }
            own
        });
        let Some(own) = own else {
            expression.segments(None, &[], &mut map);
            continue;
        };
        let origins =
            origins.entry(expression.template).or_insert_with(|| names.origins(expression.text));
        let place = log.place(own, origins);
        expression.check(own, (expression.start, expression.end), place, &mut problems);
        let mut parts: Vec<(Range<usize>, Place)> = own.parts.clone();
        if names.shows_captured(expression.text) {
            // What a macro has just printed is shown here and nowhere else; a `set` block may have
            // been printed long before, and is shown as often as its name is used.
            let fresh = captured.split_off(before.min(captured.len()));
            let called = !fresh.is_empty();
            let pool = if called { fresh } else { captured.clone() };
            let mut from = 0;
            for inner in pool {
                let rest = shown.get(from..).unwrap_or("");
                let Some(found) = rest.find(&inner.text) else {
                    captured.extend(called.then_some(inner));
                    continue;
                };
                let part = from + found..from + found + inner.text.len();
                from = part.end;
                let place = log.place(inner, origins);
                let (start, end) = (expression.start + part.start, expression.start + part.end);
                if own.made != Made::RawString {
                    expression.check(inner, (start, end), place, &mut problems);
                }
                parts.extend(place.map(|place| (part, place)));
            }
            let forgotten = captured.len().saturating_sub(MAX_CAPTURED);
            captured.drain(..forgotten);
        }
        expression.segments(place, &parts, &mut map);
    }
    (map, problems)
}

impl Expression<'_> {
    /// Reports a string in the output that does not mean itself.
    fn check(
        &self,
        printed: &Printed,
        (start, end): (usize, usize),
        place: Option<Place>,
        problems: &mut Vec<Diagnostic>,
    ) {
        let before = self.output.get(..start).unwrap_or("");
        let after = self.output.get(end..).unwrap_or("");
        let value = place.map(|(span, _)| span);
        problems.extend(match printed.made {
            Made::RawString => safety::problem(&printed.text, before, after)
                .map(|problem| report::unsafe_string(problem, self.template, value)),
            Made::Quoted => safety::quoted_problem(&printed.text, before, after)
                .map(|problem| report::unsafe_quotes(problem, self.template, value)),
            Made::Other => None,
        });
    }

    /// The segments of what was printed: each part with its own value, the rest with that of the
    /// whole.
    fn segments(&self, whole: Option<Place>, parts: &[(Range<usize>, Place)], map: &mut RenderMap) {
        let mut add = |start: usize, end: usize, value: Option<Place>| {
            if start < end {
                let rendered = offset(start)..offset(end);
                let template = self.template;
                map.segments.push(Segment { rendered, template, literal: false, value });
            }
        };
        let mut done = self.start;
        for (part, place) in parts {
            let (start, end) = (self.start + part.start, self.start + part.end);
            add(done, start, whole);
            add(start, end, Some(*place));
            done = end;
        }
        add(done, self.end, whole);
    }
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
