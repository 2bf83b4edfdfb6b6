//! Diagnostics resolved to files, lines and columns: what every renderer starts from.
//!
//! Invariant: a position here names a file that a reader can open, never the output of a template,
//! and it lies inside that file whatever the span was.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use super::{Anchor, Code, Diagnostic, Severity, codes};
use crate::source::{LineCol, Source, Sources, Span};

/// Diagnostics of one or several builds, in the order in which they are shown, each once.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: BTreeSet<Finding>,
    /// What is known and accepted, with the reason.
    suppressed: BTreeMap<Finding, String>,
    strict: bool,
}

/// The areas whose errors keep something from being read or built, so that nothing else can be said
/// of it.
const FOUNDATIONS: [&str; 7] =
    ["yaml", "kustomize", "resource", "patch", "template", "render", "config"];

/// A diagnostic with its places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where to look first.
    pub primary: Location,
    /// The rule.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it is an error because the run is strict.
    pub is_raised: bool,
    /// One line that stands on its own.
    pub message: String,
    /// Places that explain it.
    pub related: Vec<Related>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// The place.
    pub location: Location,
    /// What it has to do with the finding.
    pub message: String,
}

/// A stretch of a file. Locations are ordered by path and position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The path shown to the reader.
    pub path: String,
    /// The first character.
    pub start: LineCol,
    /// One past the last character.
    pub end: LineCol,
    /// The columns of `start` and `end` in UTF-16 code units, one-based.
    pub utf16_columns: (u32, u32),
    /// The first line of the stretch.
    pub line: Arc<str>,
    /// The stretch within `line`, in bytes.
    pub mark: (usize, usize),
    /// Whether the stretch is a secret, which `line` does not show.
    pub is_secret: bool,
}

impl Report {
    /// An empty report; a strict one takes every warning for an error.
    pub fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Adds the diagnostics of a build with the sources that they point into.
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            self.insert(Finding::new(diagnostic, |span| (*span, sources, false)));
        }
    }

    /// Adds diagnostics whose places are in several sets of sources, by the number of the set. What is
    /// a secret for one of them is not shown by any.
    #[expect(clippy::indexing_slicing, reason = "an anchor is only made for a set that there is")]
    pub fn add_across(&mut self, diagnostics: &[Diagnostic<Anchor>], units: &[&Sources]) {
        let find = |at: &Anchor| (at.span, units[at.unit], at.is_secret);
        let new = |diagnostic| Finding::new(diagnostic, find);
        let mut findings: Vec<Finding> = diagnostics.iter().map(new).collect();
        // By path and line.
        let mut secrets: BTreeMap<String, BTreeMap<u32, Arc<str>>> = BTreeMap::new();
        for location in findings.iter_mut().flat_map(Finding::locations_mut) {
            if location.is_secret {
                let lines = secrets.entry(location.path.clone()).or_default();
                let line =
                    lines.entry(location.start.line).or_insert_with(|| location.line.clone());
                *line = with_stars_of(line, &location.line);
            }
        }
        for location in findings.iter_mut().flat_map(Finding::locations_mut) {
            let lines = secrets.get(&location.path);
            if let Some(line) = lines.and_then(|lines| lines.get(&location.start.line)) {
                location.line = with_stars_of(&location.line, line);
            }
        }
        for finding in findings {
            self.insert(finding);
        }
    }

    fn insert(&mut self, mut finding: Finding) {
        if self.strict && finding.severity == Severity::Warning {
            finding.severity = Severity::Error;
            finding.is_raised = true;
        }
        self.put(finding);
    }

    /// Keeps of findings that differ in nothing but their severity the most severe one: what is
    /// wrong in production is no second fault where it may be.
    fn put(&mut self, finding: Finding) {
        const MILDEST_FIRST: [(Severity, bool); 4] = [
            (Severity::Info, false),
            (Severity::Warning, false),
            (Severity::Error, true),
            (Severity::Error, false),
        ];
        let own = (finding.severity, finding.is_raised);
        let mut other = finding.clone();
        let mut is_milder = true;
        for kind in MILDEST_FIRST {
            if kind == own {
                is_milder = false;
                continue;
            }
            (other.severity, other.is_raised) = kind;
            if is_milder {
                self.findings.remove(&other);
            } else if self.findings.contains(&other) {
                return;
            }
        }
        self.findings.insert(finding);
    }

    /// Adds the findings of another report.
    pub fn merge(&mut self, other: Self) {
        other.findings.into_iter().for_each(|finding| self.put(finding));
        self.suppressed.extend(other.suppressed);
    }

    /// Takes out the findings for which `accept` has a reason. It may add places to the others.
    pub fn suppress(&mut self, mut accept: impl FnMut(&mut Finding) -> Option<String>) {
        for mut finding in mem::take(&mut self.findings) {
            match accept(&mut finding) {
                Some(reason) => _ = self.suppressed.insert(finding, reason),
                None => _ = self.findings.insert(finding),
            }
        }
    }

    /// Keeps only the findings, also of those that were taken out, for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&Finding) -> bool) {
        self.findings.retain(&keep);
        self.suppressed.retain(|finding, _| keep(finding));
    }

    /// Keeps only the findings that another report has too.
    pub fn keep_common(&mut self, other: &Self) {
        self.findings.retain(|finding| other.findings.contains(finding));
    }

    /// The findings by path, position and code.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// What is known and accepted, with the reason, in the same order.
    pub fn suppressed(&self) -> impl Iterator<Item = (&Finding, &str)> {
        self.suppressed.iter().map(|(finding, reason)| (finding, reason.as_str()))
    }

    /// Whether something could not be read or built, so that there may be more to find.
    pub fn is_incomplete(&self) -> bool {
        self.findings().any(Finding::is_obstacle)
    }

    /// The severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings().map(|finding| finding.severity).max()
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|finding| finding.severity == severity).count()
    }

    /// Whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Finding {
    /// `find` says of a place where it is, and whether what stands there must not be shown.
    fn new<'a, P>(
        diagnostic: &Diagnostic<P>,
        find: impl Fn(&P) -> (Span, &'a Sources, bool),
    ) -> Self {
        let mut related = Vec::new();
        let locate = |sources: &Sources, span: Span, is_secret: bool| {
            let location = Location::new(sources, span);
            if is_secret { location.with_stars() } else { location }
        };
        let (span, sources, is_secret) = find(&diagnostic.primary);
        let place = sources.place(span);
        let primary = locate(sources, place.span, is_secret);
        if let Some((span, _)) = place.value {
            let message = "the value comes from here".to_owned();
            related.push(Related { location: locate(sources, span, is_secret), message });
        }
        for (at, message) in &diagnostic.related {
            let (span, sources, is_secret) = find(at);
            let place = sources.place(span);
            let location = locate(sources, place.span, is_secret);
            related.push(Related { location, message: message.clone() });
            if let Some((span, _)) = place.value {
                let message = "its value comes from here".to_owned();
                related.push(Related { location: locate(sources, span, is_secret), message });
            }
        }
        let hidden = sources.get(span.source).hidden_part(&(span.start..span.end));
        let says_what_it_is = diagnostic.code == codes::YAML_AMBIGUOUS_SCALAR;
        let show = |text: &str, all| match hidden {
            Some(hidden) => without(text, hidden, all),
            None => text.to_owned(),
        };
        let mut seen = BTreeSet::new();
        related.retain(|one| seen.insert(one.clone()));
        Self {
            primary,
            code: diagnostic.code,
            severity: diagnostic.severity,
            is_raised: false,
            message: show(&diagnostic.message, says_what_it_is),
            related,
            help: diagnostic.help.as_deref().map(|help| show(help, false)),
        }
    }

    fn locations_mut(&mut self) -> impl Iterator<Item = &mut Location> {
        let related = self.related.iter_mut().map(|related| &mut related.location);
        std::iter::once(&mut self.primary).chain(related)
    }

    /// Whether it keeps something from being read or built.
    pub fn is_obstacle(&self) -> bool {
        self.severity == Severity::Error
            && !self.is_raised
            && self.code != codes::RENDER_STALE
            && FOUNDATIONS.contains(&self.code.area())
    }
}

impl Location {
    /// Where `span` is written. A span in a template's output becomes the place in the template.
    pub fn new(sources: &Sources, span: Span) -> Self {
        let span = sources.place(span).span;
        let source = sources.get(span.source);
        let start = floor_boundary(source, span.start);
        let end = floor_boundary(source, span.end).max(start);
        let position = source.line_col(start);
        let line = source.line(position.line).unwrap_or(start..start);
        let text = source.shown(line.clone());
        let text = text.strip_suffix('\r').unwrap_or(&text);
        let within = |offset: u32| (offset.saturating_sub(line.start) as usize).min(text.len());
        Self {
            path: source.path.clone(),
            start: position,
            end: source.line_col(end),
            utf16_columns: (source.utf16_column(start), source.utf16_column(end)),
            line: text.into(),
            mark: (within(start), within(end)),
            is_secret: false,
        }
    }

    /// With `*` for every letter of the stretch that `line` shows.
    fn with_stars(mut self) -> Self {
        let (start, end) = self.mark;
        let is_inside = |at: usize| (start..end).contains(&at);
        let mut line = String::with_capacity(self.line.len());
        for (at, c) in self.line.char_indices() {
            if is_inside(at) && !c.is_whitespace() {
                line.extend(std::iter::repeat_n('*', c.len_utf8()));
            } else {
                line.push(c);
            }
        }
        self.line = line.into();
        self.is_secret = true;
        self
    }
}

/// A line with `*` wherever the other one, which is the same line, has it.
fn with_stars_of(line: &str, other: &str) -> Arc<str> {
    let stars = other.as_bytes();
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        if stars.get(at) == Some(&b'*') {
            out.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out.into()
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.start.line, self.start.col)
    }
}

/// A text without the literals that are a value which must not be shown, or without any where all
/// of them say what it is.
fn without(text: &str, hidden: &str, all: bool) -> String {
    let hidden = hidden.trim_matches(['"', '\'']);
    let mut shown = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        let is_literal = index % 2 == 1;
        if index > 0 {
            shown.push('`');
        }
        shown.push_str(if is_literal && (all || part == hidden) { "***" } else { part });
    }
    shown
}

/// The largest offset up to `offset` that is in the text and between two characters.
fn floor_boundary(source: &Source, offset: u32) -> u32 {
    let floor = source.text.floor_char_boundary(offset as usize);
    u32::try_from(floor).unwrap_or(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::codes;

    fn location(text: &str, range: std::ops::Range<u32>) -> Location {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", text);
        Location::new(&sources, Span::new(id, range))
    }

    #[test]
    fn an_odd_span_is_moved_into_the_text() {
        assert_eq!(location("", 0..0).to_string(), "a.yaml:1:1");
        assert_eq!(location("", std::ops::Range { start: 7, end: 3 }).to_string(), "a.yaml:1:1");
        assert_eq!(location("a: 1\n", 5..5).to_string(), "a.yaml:2:1");
        assert_eq!(location("a: 1\n", 90..99).to_string(), "a.yaml:2:1");
        let inside = location("é: 1\n", 1..3);
        assert_eq!((inside.mark, inside.start.col), ((0, 3), 1));
    }

    #[test]
    fn utf16_columns_count_a_surrogate_pair_twice_and_no_byte_order_mark() {
        let place = location("\u{feff}é: 😀x\n", 7..12);
        assert_eq!((place.start.col, place.end.col), (5, 7));
        assert_eq!(place.utf16_columns, (4, 7));
        assert_eq!(location("a: 1\n😀: x\n", 5..9).utf16_columns, (1, 3));
    }

    #[test]
    fn a_secret_is_shown_as_stars_and_what_is_around_it_is_not() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "{name: A, value: pä ss}\n");
        let secret = Anchor { unit: 0, span: Span::new(id, 17..23), is_secret: true };
        let mut report = Report::new(false);
        let diagnostic = Diagnostic::error(codes::YAML_SYNTAX, "wrong", secret);
        report.add_across(&[diagnostic.with_related(secret, "here")], &[&sources]);
        let finding = report.findings().next().unwrap();
        assert_eq!(&*finding.primary.line, "{name: A, value: *** **}");
        assert_eq!(finding.related[0].location, finding.primary);
    }

    #[test]
    fn a_line_is_shown_without_its_break() {
        let crlf = location("a: 1\r\nb: 2\r\n", 3..6);
        assert_eq!((&*crlf.line, crlf.mark), ("a: 1", (3, 4)));
        assert_eq!(crlf.end, LineCol { line: 2, col: 1 });
    }

    #[test]
    fn findings_are_sorted_and_shown_once() {
        let mut sources = Sources::default();
        let b = sources.add("b.yaml", "x: 1\ny: 2\n");
        let a = sources.add("a.yaml", "x: 1\n");
        let at =
            |id, start, code| Diagnostic::error(code, "wrong", Span::new(id, start..start + 1));
        let diagnostics = [
            at(b, 5, codes::YAML_SYNTAX),
            at(b, 0, codes::YAML_UNSUPPORTED),
            at(b, 0, codes::YAML_SYNTAX),
            at(a, 3, codes::YAML_SYNTAX),
            at(b, 5, codes::YAML_SYNTAX),
        ];
        let mut report = Report::new(false);
        report.add(&diagnostics, &sources);
        let shown: Vec<_> =
            report.findings().map(|one| format!("{} {}", one.primary, one.code)).collect();
        let expected = [
            "a.yaml:1:4 yaml/syntax",
            "b.yaml:1:1 yaml/syntax",
            "b.yaml:1:1 yaml/unsupported",
            "b.yaml:2:1 yaml/syntax",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_strict_report_takes_warnings_for_errors() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "x: 1\n");
        let warning = Diagnostic::warning(codes::YAML_SYNTAX, "odd", Span::start_of(id));
        let info = Diagnostic::info(codes::YAML_SYNTAX, "as it is", Span::start_of(id));
        for (strict, severity) in [(false, Severity::Warning), (true, Severity::Error)] {
            let mut report = Report::new(strict);
            report.add(std::slice::from_ref(&info), &sources);
            assert_eq!(report.worst(), Some(Severity::Info));
            report.add(std::slice::from_ref(&warning), &sources);
            assert_eq!(report.worst(), Some(severity));
            assert_eq!(report.count(Severity::Info), 1);
            assert!(!report.is_incomplete(), "an error because the run is strict hides nothing");
        }
    }

    #[test]
    fn what_is_accepted_is_no_finding_any_more() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "x: 1\n");
        let at = Span::start_of(id);
        let mut report = Report::new(false);
        report.add(&[Diagnostic::error(codes::SCHEMA_TYPE, "wrong", at)], &sources);
        report.add(&[Diagnostic::warning(codes::YAML_SYNTAX, "odd", at)], &sources);
        report.suppress(|one| (one.code == codes::SCHEMA_TYPE).then(|| "known".to_owned()));
        assert_eq!(report.worst(), Some(Severity::Warning));
        let suppressed: Vec<_> = report.suppressed().collect();
        assert!(matches!(suppressed[..], [(finding, "known")] if finding.message == "wrong"));
        report.retain(|finding| finding.code == codes::YAML_SYNTAX);
        assert_eq!((report.findings().count(), report.suppressed().count()), (1, 0));
    }
}
