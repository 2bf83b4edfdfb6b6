//! What the interpreter says, in the words of OPA and with the lines of the template.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Checked, Problem,
    check::Names,
    limits, signatures,
    syntax::{Body, File, RuleKind},
};

/// The text and the place of the second definition of each function and rule that has two.
pub(super) fn conflicts(names: &Names<'_>) -> BTreeMap<String, (usize, usize)> {
    let mut out = BTreeMap::new();
    for definition in names.definitions() {
        let start = |body: &Body| body.first().map_or(0, |literal| literal.range.start);
        let mut starts = definition.rules.iter().filter(|(_, rule)| !rule.is_default).flat_map(
            |(text, rule)| {
                let chained = rule.bodies.iter().skip(1).map(start);
                std::iter::once(rule.range.start).chain(chained).map(|at| (*text, at))
            },
        );
        if let Some(second) = starts.nth(1) {
            out.insert(definition.full.clone(), second);
        }
    }
    out
}

/// The text and the range of each definition of a part of an object. One whose key is written out is a
/// rule of its own for OPA.
pub(super) fn objects(files: &[File]) -> Vec<(usize, Range<usize>)> {
    let mut out = Vec::new();
    for (text, file) in files.iter().enumerate() {
        let parts = file.rules.iter().filter(|rule| match &rule.kind {
            RuleKind::Object(key) => signatures::letter(key).is_none(),
            _ => false,
        });
        out.extend(parts.map(|rule| (text, rule.range.clone())));
    }
    out
}

/// Why an evaluation was ended that has used up its time or its memory.
pub(super) fn used_up(error: &anyhow::Error) -> Option<&'static str> {
    let text = format!("{error:#}");
    let message = parts(&text).message;
    if message.contains(limits::TOO_LONG) {
        Some("the evaluation takes too long")
    } else {
        message.contains(limits::TOO_LARGE).then_some(limits::TOO_LARGE)
    }
}

/// What the interpreter says, and the text, the line and the column that it says it of.
struct Said<'a> {
    message: &'a str,
    place: Option<(usize, usize, usize)>,
}

fn parts(text: &str) -> Said<'_> {
    let message = match text.rfind("error: ") {
        Some(at) => text.get(at + "error: ".len()..).unwrap_or_default(),
        None => text,
    };
    let place = || {
        let place = text.split("--> ").nth(1)?.lines().next()?;
        let mut parts = place.split(':').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?))
    };
    Said { message: message.lines().next().unwrap_or_default().trim(), place: place() }
}

impl Checked {
    /// A problem with the place in the text as it is written.
    pub(super) fn problem(&self, error: &anyhow::Error) -> Problem {
        let text = format!("{error:#}");
        let said = parts(&text);
        let at = said.place.and_then(|(text, line, column)| {
            let (_, emitted) = self.texts.get(text)?;
            Some((text, emitted.locate(line, column)?.range.clone()))
        });
        let (text, range) = at.unwrap_or((0, 0..0));
        let message = format!("the interpreter cannot read this: {}", said.message);
        Problem { message, text, range }
    }

    /// The text of an error of the evaluation: `template:3: eval_conflict_error: ...`.
    pub(super) fn evaluation_error(&self, error: &anyhow::Error) -> String {
        let text = format!("{error:#}");
        let said = parts(&text);
        if said.message.contains(limits::TOO_LONG) {
            let seconds = limits::TIME.as_secs();
            return format!(
                "template: eval_cancel_error: the evaluation took longer than {seconds} s"
            );
        }
        let mark = said.place.and_then(|(text, line, column)| {
            let (_, emitted) = self.texts.get(text)?;
            Some((text, emitted.locate(line, column)?))
        });
        let mut at = mark.map(|(text, mark)| (text, mark.range.start));
        let what = if said.message.contains("functions must not produce multiple outputs")
            || said.message.contains("function produced multiple outputs")
        {
            let callee = mark.and_then(|(_, mark)| mark.callee.as_ref());
            at = callee.and_then(|callee| self.conflicts.get(callee)).copied().or(at);
            "eval_conflict_error: functions must not produce multiple outputs for same inputs"
                .to_owned()
        } else if said.message.contains("rules should not produce multiple outputs")
            || said.message.contains("rules must not produce multiple outputs")
            || said.message.contains("rule conflicts with rule")
        {
            let is_of_object = at.is_some_and(|(text, start)| {
                self.objects.iter().any(|(of, range)| *of == text && range.contains(&start))
            });
            if is_of_object {
                "eval_conflict_error: object keys must be unique".to_owned()
            } else {
                "eval_conflict_error: complete rules must not produce multiple outputs".to_owned()
            }
        } else if said.message.contains("multiple times") || said.message.contains("duplicate key")
        {
            "eval_conflict_error: object keys must be unique".to_owned()
        } else {
            format!("eval_internal_error: {}", said.message)
        };
        match at {
            Some((text, start)) => format!("{}:{}: {what}", file(text), self.line(text, start)),
            None => format!("template: {what}"),
        }
    }

    fn line(&self, text: usize, start: usize) -> usize {
        let before = self.texts.get(text).and_then(|(text, _)| text.get(..start));
        1 + before.map_or(0, |before| before.matches('\n').count())
    }
}

/// What Gatekeeper calls a text.
fn file(text: usize) -> String {
    match text.checked_sub(1) {
        Some(library) => format!("libs[\"lib_{library}\"]"),
        None => "template".to_owned(),
    }
}
