//! The schedule of a `CronJob`.
//!
//! Source: `ParseStandard` of `github.com/robfig/cron/v3`, and
//! `k8s.io/kubernetes/pkg/apis/batch/validation`, which refuses a zone in it.

use super::{
    duration,
    text::{Fault, Verdict},
};

/// One of the five fields: its name, its bounds and the words for its numbers.
struct Field {
    name: &'static str,
    least: u32,
    greatest: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "the minute", least: 0, greatest: 59, words: &[] },
    Field { name: "the hour", least: 0, greatest: 23, words: &[] },
    Field { name: "the day of the month", least: 1, greatest: 31, words: &[] },
    Field {
        name: "the month",
        least: 1,
        greatest: 12,
        words: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "the day of the week",
        least: 0,
        greatest: 6,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

pub(super) fn schedule(text: &str) -> Verdict {
    if text.contains("TZ") {
        return Err(Fault::new("has a time zone, which belongs in `timeZone`"));
    }
    if let Some(descriptor) = text.strip_prefix('@') {
        return match descriptor {
            "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => {
                Ok(())
            }
            _ => match descriptor.strip_prefix("every ") {
                Some(duration) => {
                    duration::duration(duration).map_err(|fault| fault.of("the duration"))
                }
                None => Err(Fault::new("starts with `@` but is none of the known words")),
            },
        };
    }
    let count = text.split_whitespace().count();
    if count != FIELDS.len() {
        return Err(Fault::new(match count {
            0 => "has no fields".to_owned(),
            1 => "has 1 field".to_owned(),
            _ => format!("has {count} fields"),
        }));
    }
    for (field, text) in FIELDS.iter().zip(text.split_whitespace()) {
        for item in text.split(',').filter(|item| !item.is_empty()) {
            field.check(item).map_err(|fault| fault.of(field.name))?;
        }
    }
    Ok(())
}

impl Field {
    /// Checks one item of a list: `RANGE[/STEP]`.
    fn check(&self, item: &str) -> Verdict {
        let (range, step) = match item.split_once('/') {
            Some((_, step)) if step.contains('/') => {
                return Err(Fault::new("has more than one `/`"));
            }
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        self.check_range(range)?;
        match step.map(number) {
            None | Some(Some(1..)) => Ok(()),
            Some(_) => Err(Fault::new("has a step that is no number above 0")),
        }
    }

    fn check_range(&self, range: &str) -> Verdict {
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first, Some(last)),
            None => (range, None),
        };
        // The server does not look at what follows `*-`.
        if matches!(first, "*" | "?") {
            return Ok(());
        }
        if last.is_some_and(|last| last.contains('-')) {
            return Err(Fault::new("has a range with more than one `-`"));
        }
        let start = self.number(first)?;
        let end = last.map_or(Ok(start), |last| self.number(last))?;
        if start > end {
            return Err(Fault::new("has a range that ends before it starts"));
        }
        if start < self.least || end > self.greatest {
            let Self { least, greatest, .. } = self;
            return Err(Fault::new(format!("has a number outside {least} to {greatest}")));
        }
        Ok(())
    }

    fn number(&self, text: &str) -> Result<u32, Fault> {
        let word = self.words.iter().zip(self.least..).find(|(w, _)| text.eq_ignore_ascii_case(w));
        if let Some((_, value)) = word {
            return Ok(value);
        }
        number(text).ok_or_else(|| {
            let words = if self.words.is_empty() { "" } else { " or a name of three letters" };
            Fault::new(format!("has something that is neither `*` nor a number{words}"))
        })
    }
}

/// A number as Go reads it: leading zeros and a plus sign pass.
fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}
