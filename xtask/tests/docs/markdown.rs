//! What a page of Markdown refers to, and what of it is not there.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{
    commands,
    tree::{Tree, directory, extension, resolve},
};

/// How much of a page is about this repository.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// All of it: a path is one of this repository.
    Repository,
    /// Its links and commands are; its examples have files of their own.
    Examples,
}

/// What is wrong, each as `path:line: what`.
pub fn check(tree: &Tree, path: &str, text: &str, subject: Subject) -> Vec<String> {
    let mut page = Page { tree, path, subject, problems: Vec::new() };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    let mut undefined = Vec::new();
    let parser = Parser::new_with_broken_link_callback(
        text,
        options,
        Some(|link: pulldown_cmark::BrokenLink<'_>| {
            // `[text]` alone is text; `[text][name]` was meant to be a link.
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                undefined.push((link.span.start, link.reference.into_string()));
            }
            None
        }),
    );
    let mut fence = None;
    for (event, range) in parser.into_offset_iter() {
        let line = line_of(text, range.start);
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.link(&dest_url, line);
            }
            Event::Code(code) => page.code(&code, line),
            Event::Start(Tag::CodeBlock(kind)) => {
                fence = Some(match kind {
                    CodeBlockKind::Fenced(language) => language.into_string(),
                    CodeBlockKind::Indented => String::new(),
                });
            }
            Event::End(TagEnd::CodeBlock) => fence = None,
            Event::Text(block) => {
                if let Some(language) = &fence {
                    page.fence(language, &block, line);
                }
            }
            Event::Html(html) | Event::InlineHtml(html)
                if html.contains("href=") || html.contains("src=") =>
            {
                page.problem(line, "a link in HTML is not looked at; write it in Markdown");
            }
            _ => {}
        }
    }
    for (start, name) in undefined {
        page.problem(line_of(text, start), &format!("there is no link of the name `{name}`"));
    }
    page.problems
}

/// The line, counted from 1, of a byte.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// A page that is looked at.
struct Page<'a> {
    tree: &'a Tree,
    path: &'a str,
    subject: Subject,
    problems: Vec<String>,
}

impl Page<'_> {
    fn problem(&mut self, line: usize, what: &str) {
        self.problems.push(format!("{}:{line}: {what}", self.path));
    }

    fn link(&mut self, url: &str, line: usize) {
        let has_scheme = url.split_once(':').is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        });
        if has_scheme || url.starts_with("//") {
            return;
        }
        if let Err(what) = target(self.tree, self.path, url) {
            self.problem(line, &format!("the link `{url}`: {what}"));
        }
    }

    fn code(&mut self, code: &str, line: usize) {
        if let Some(command) = code.strip_prefix("cargo xtask ") {
            self.command(&format!("cargo xtask {command}"), line);
        }
        self.paths(code, line);
        if self.subject == Subject::Repository && is_file_name(code) && !self.tree.has_name(code) {
            self.problem(line, &format!("no file has the name `{code}`"));
        }
    }

    fn fence(&mut self, language: &str, block: &str, line: usize) {
        for (number, text) in block.lines().enumerate() {
            self.paths(text, line + number);
        }
        let language = language.split([',', ' ']).next().unwrap_or_default();
        if !matches!(language, "console" | "sh" | "bash" | "shell") {
            return;
        }
        // A command goes on where a line ends in a backslash or a pipe.
        let mut lines = block.lines().enumerate();
        while let Some((number, first)) = lines.next() {
            let first = first.trim_start();
            let first = if language == "console" {
                let Some(typed) = first.strip_prefix("$ ") else { continue };
                typed
            } else {
                first
            };
            let mut command = first.to_owned();
            while command.ends_with(['\\', '|']) {
                command = command.trim_end_matches('\\').to_owned();
                let Some((_, next)) = lines.next() else { break };
                command.push(' ');
                command.push_str(next.trim_start());
            }
            self.command(&command, line + number);
        }
    }

    fn command(&mut self, command: &str, line: usize) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut problems = Vec::new();
        for simple in words.split(|word| matches!(*word, "|" | "&&" | "||" | ";")) {
            let end = simple.iter().position(|word| *word == "#").unwrap_or(simple.len());
            let simple = &simple[..end];
            if let Some(at) = simple.windows(2).position(|pair| pair == ["cargo", "xtask"]) {
                commands::check_xtask(&simple[at + 2..], &mut problems);
            } else if matches!(simple.first(), Some(&("kubectl" | "kustomize"))) {
                let from = [directory(self.path), ""];
                commands::check_kubectl(simple, &from, self.tree, &mut problems);
            }
        }
        for problem in problems {
            self.problem(line, &problem);
        }
    }

    /// Looks at each word that begins as a path of this repository does.
    fn paths(&mut self, text: &str, line: usize) {
        if self.subject == Subject::Repository {
            for what in wrong_paths(self.tree, &[directory(self.path), ""], text) {
                self.problem(line, &what);
            }
        }
    }
}

/// What is wrong with the commands of `cargo xtask` in backticks in a line.
pub fn wrong_commands(line: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, start) in line.match_indices("`cargo xtask ") {
        let words = line[at + start.len()..].split('`').next().unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        commands::check_xtask(&words, &mut problems);
    }
    problems
}

/// What is wrong with the paths in a text, each of which is seen from one of the directories `from`.
pub fn wrong_paths(tree: &Tree, from: &[&str], text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for word in text.split_whitespace() {
        if word.contains("{{") {
            continue;
        }
        let word = word.rsplit_once('=').map_or(word, |(_, value)| value);
        let word = word.trim_matches(|c| "'\"`()[],;:|\\".contains(c));
        let word = if word.ends_with("...") {
            word
        } else {
            word.trim_end_matches(|c| "'\"`)],;:.".contains(c))
        };
        let word = word.strip_prefix("./").unwrap_or(word);
        let Some((first, _)) = word.split_once('/') else { continue };
        // A regular expression, a URL or a name such as `apps/v1` starts otherwise.
        let known: Vec<&&str> = from
            .iter()
            .filter(|from| resolve(from, first).is_some_and(|path| tree.has_directory(&path)))
            .collect();
        if known.is_empty() || first.is_empty() || first == ".." || first == "." {
            continue;
        }
        let (path, place) = split_place(word);
        let path = path.trim_end_matches('/');
        let found: Vec<String> = known.iter().filter_map(|from| resolve(from, path)).collect();
        if !found.iter().any(|path| tree.matches(path)) {
            wrong.push(format!("there is no `{path}`"));
        } else if let Some(place) = place
            && found
                .iter()
                .filter_map(|path| tree.text(path))
                .all(|text| place > text.lines().count())
        {
            wrong.push(format!("`{path}` has no line {place}"));
        }
    }
    wrong
}

/// `path:12:3` is a path and a line.
fn split_place(word: &str) -> (&str, Option<usize>) {
    let mut parts = word.splitn(3, ':');
    let path = parts.next().unwrap_or(word);
    (path, parts.next().and_then(|line| line.parse().ok()))
}

fn is_file_name(code: &str) -> bool {
    let endings =
        [".yaml", ".yaml.j2", ".md", ".rs", ".py", ".toml", ".sh", ".js", ".conf", ".lock"];
    code.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && endings.iter().any(|ending| code.len() > ending.len() && code.ends_with(ending))
}

/// Whether a relative link of the page `from` leads to something.
pub fn target(tree: &Tree, from: &str, url: &str) -> Result<(), String> {
    let (path, anchor) = url.split_once('#').map_or((url, None), |(a, b)| (a, Some(b)));
    let path = path.split('?').next().unwrap_or_default().replace("%20", " ");
    let path = if path.is_empty() {
        from.to_owned()
    } else {
        resolve(directory(from), &path).ok_or("it leads out of the repository")?
    };
    if !tree.has(&path) {
        return Err(format!("there is no `{path}`"));
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let Some(text) = tree.text(&path) else {
        return Err(format!("`{path}` has no anchors"));
    };
    if let Some((first, last)) = lines(anchor) {
        let count = text.lines().count();
        if first == 0 || last < first || last > count {
            return Err(format!("`{path}` has lines 1 to {count}"));
        }
        return Ok(());
    }
    if extension(&path) != Some("md") {
        return Err(format!("`{path}` has lines, and no headings"));
    }
    if anchors(text).contains(&anchor.to_owned()) {
        return Ok(());
    }
    Err(format!("`{path}` has no heading of this name"))
}

/// `L12`, `L12-L14`, `L12C3-L14C5`.
fn lines(anchor: &str) -> Option<(usize, usize)> {
    let line = |text: &str| text.strip_prefix('L')?.split('C').next()?.parse().ok();
    match anchor.split_once('-') {
        Some((first, last)) => Some((line(first)?, line(last)?)),
        None => line(anchor).map(|line| (line, line)),
    }
}

/// The anchors of the headings of a page, as GitHub makes them: in lower case, without punctuation,
/// spaces as hyphens, and numbered where two would be the same.
pub fn anchors(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug: String = heading
                    .take()
                    .unwrap_or_default()
                    .to_lowercase()
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                    .map(|c| if c == ' ' { '-' } else { c })
                    .collect();
                let count = seen.entry(slug.clone()).or_default();
                out.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
                *count += 1;
            }
            _ => {}
        }
    }
    out
}
