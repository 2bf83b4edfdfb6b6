//! What is no YAML for go-yaml, whether or not the parser reads it, and the way out of each error.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::{
    super::{Dialect, emit::allows_block},
    Builder, DEPTH_LIMIT, chunks,
    position::offset,
};
use crate::{
    diag::{Diagnostic, codes},
    source::Span,
};

const INDENT_WITH_SPACES: &str = "indent with spaces: YAML does not take tabs";

impl Builder<'_> {
    /// Reports directives, and the end of a document that did not begin; no document is read then.
    pub(super) fn begins_well(&mut self, text: &str) -> bool {
        let Some((at, line)) = chunks::first_line(text) else { return true };
        let ends = line
            .strip_prefix("...")
            .is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty());
        let known = self.dialect == Dialect::Config
            && (line.starts_with("%TAG ") || line.trim_end() == "%YAML 1.1");
        let (message, help) = if ends {
            ("`...` ends a document that did not begin", "remove the line")
        } else if line.starts_with('%') && !known {
            ("kustomize takes no such directive here", "remove the line")
        } else {
            return true;
        };
        let span = self.position.span(offset(at), offset(at + line.len()));
        self.diagnostics.push(Diagnostic::error(codes::YAML_SYNTAX, message, span).with_help(help));
        false
    }

    /// Reports what stands behind a `---`.
    pub(super) fn bad_separator(&mut self, separator: Range<usize>) {
        let span = self.position.span(offset(separator.start), offset(separator.end));
        self.diagnostics.push(
            Diagnostic::error(
                codes::YAML_SYNTAX,
                "nothing but a comment may stand behind the `---` before a document",
                span,
            )
            .with_help("write it on a line of its own"),
        );
    }

    /// Reports what YAML allows and the parser of go-yaml does not.
    pub(super) fn refuse(&mut self, message: &'static str, help: &'static str, span: Span) {
        self.diagnostics.push(Diagnostic::error(codes::YAML_SYNTAX, message, span).with_help(help));
    }

    /// Reports a plain scalar in brackets that Go would end or go on with elsewhere.
    pub(super) fn check_flow(&mut self, text: &str, end: u32, span: Span) {
        if text.contains('?') {
            self.refuse("a plain scalar in brackets must not have a `?`", "put it in quotes", span);
        }
        let rest = usize::try_from(end).ok().and_then(|end| self.text.as_bytes().get(end..));
        if let Some([b':', b',' | b'[' | b']' | b'{' | b'}', ..]) =
            rest.filter(|_| !text.is_empty())
        {
            self.refuse("the `:` behind a key is not followed by a space", "write a space", span);
        }
    }

    /// Reports a tab before a value or a key where only spaces may stand: at the beginning of a line
    /// and behind a dash.
    pub(super) fn check_indentation(&mut self, start: u32) {
        if self.in_flow() {
            return;
        }
        let before = usize::try_from(start).ok().and_then(|start| self.text.get(..start));
        let line = before.unwrap_or("").rsplit('\n').next().unwrap_or("");
        let behind = line.trim_end_matches([' ', '\t']);
        let is_indicator = behind.trim_start_matches([' ', '-']).trim_start_matches('?').is_empty();
        if is_indicator
            && behind != "---"
            && line.get(behind.len()..).is_some_and(|blanks| blanks.contains('\t'))
        {
            let span = self.position.span(start, start);
            self.refuse("a tab stands where only spaces may", INDENT_WITH_SPACES, span);
        }
    }

    /// Reports the escapes of JSON that go-yaml does not know: `\/`, and a pair of surrogates.
    pub(super) fn check_escapes(&mut self, start: u32, end: u32, span: Span) {
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let raw = range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or("");
        let mut rest = raw.split_once('\\').map_or("", |(_, rest)| rest);
        while let Some(escape) = rest.chars().next() {
            let hex = rest.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            if escape == '/' {
                self.refuse("kustomize does not know the escape `\\/`", "write `/`", span);
                return;
            }
            if escape == 'u' && hex.is_some_and(|code| (0xd800..0xe000).contains(&code)) {
                let help = "write the character itself, or `\\U` and eight digits";
                self.refuse("kustomize does not take pairs of surrogates", help, span);
                return;
            }
            let behind = rest.get(escape.len_utf8()..).unwrap_or("");
            rest = behind.split_once('\\').map_or("", |(_, rest)| rest);
        }
    }

    /// Reports a block scalar that begins with a tab, which Go does not take for text unless the
    /// header says where the text begins, and which kustomize writes without that.
    pub(super) fn check_block(&mut self, text: &str, start: u32, span: Span) {
        if !text.trim_start_matches('\n').starts_with('\t') {
            return;
        }
        let before = usize::try_from(start).ok().and_then(|start| self.text.get(..start));
        let header = before.unwrap_or("").trim_end().rsplit('\n').next().unwrap_or("");
        let header = header.split(" #").next().unwrap_or(header);
        let header = header.rsplit(['|', '>']).next().unwrap_or(header);
        let has_indentation = header.contains(|c: char| c.is_ascii_digit());
        if !has_indentation
            || (self.dialect == Dialect::Resource && text.starts_with('\t') && allows_block(text))
        {
            self.diagnostics.push(
                Diagnostic::error(
                    codes::YAML_UNSUPPORTED,
                    "the first line of a block scalar begins with a tab",
                    span,
                )
                .with_help("write it in double quotes, with `\\t` and `\\n`"),
            );
        }
    }

    pub(super) fn syntax_error(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let span = self.position.span(offset(at), offset(at));
        let code = match error.kind() {
            ErrorKind::RecursionLimitExceeded => codes::YAML_TOO_LARGE,
            _ => codes::YAML_SYNTAX,
        };
        let message = match error.kind() {
            ErrorKind::RecursionLimitExceeded => {
                format!("collections are nested more than {DEPTH_LIMIT} deep")
            }
            _ => error.info(),
        };
        let diagnostic = Diagnostic::error(code, message, span);
        let indented_with_tab = self.text.get(..at).is_some_and(|before| {
            let line = before.rsplit('\n').next().unwrap_or(before);
            !line.is_empty() && line.contains('\t') && line.trim().is_empty()
        });
        let help = if indented_with_tab { INDENT_WITH_SPACES } else { help(error.kind()) };
        self.diagnostics.push(diagnostic.with_help(help));
    }
}

/// What to do about a syntax error, where the parser's own words do not say it.
fn help(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart => INDENT_WITH_SPACES,
        ErrorKind::UnclosedQuotedScalar => "close the quotes",
        ErrorKind::RecursionLimitExceeded => {
            "no Kubernetes object nests like this: is a bracket left open?"
        }
        ErrorKind::UnclosedFlowCollection { .. } => {
            "close the bracket; if this is a template, name the file `*.yaml.j2`"
        }
        ErrorKind::UnknownAnchor => "define the anchor before the alias, in the same document",
        _ => "compare the indentation with the lines above: siblings begin in the same column",
    }
}
