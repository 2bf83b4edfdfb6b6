//! The files of a repository, and whether a path that somebody wrote names one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use regex::Regex;

/// The files of a repository, with the text of those that are read.
pub struct Tree {
    files: BTreeMap<String, Option<String>>,
    directories: BTreeSet<String>,
}

impl Tree {
    /// What git keeps or would keep of the repository at `root`, with the texts of those files that
    /// are to be read.
    pub fn of_git(root: &Path, is_read: impl Fn(&str) -> bool) -> Self {
        let mut command = Command::new("git");
        command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let output = command.current_dir(root).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let names = String::from_utf8(output.stdout).unwrap();
        let files = names.split_terminator('\0').filter(|name| root.join(name).exists());
        let text = |name| is_read(name).then(|| fs::read_to_string(root.join(name)).ok()).flatten();
        Self::new(files.map(|name| (name.to_owned(), text(name))))
    }

    /// Of the given paths and texts.
    pub fn new(files: impl Iterator<Item = (String, Option<String>)>) -> Self {
        let files: BTreeMap<_, _> = files.collect();
        let mut directories = BTreeSet::from([String::new()]);
        for name in files.keys() {
            let slashes = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
            directories.extend(slashes);
        }
        Self { files, directories }
    }

    /// The files that have a text, in the order of their paths.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(name, text)| Some((name.as_str(), text.as_deref()?)))
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.directories.contains(path)
    }

    pub fn has_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
    }

    /// Whether a file somewhere has this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.files.keys().any(|path| path.rsplit('/').next() == Some(name))
    }

    /// Whether at least one path is of the form of `pattern`, or below one that is.
    pub fn matches(&self, pattern: &str) -> bool {
        if !is_pattern(pattern) {
            return self.has(pattern);
        }
        let regex = expression(pattern);
        self.files.keys().chain(&self.directories).any(|path| regex.is_match(path))
    }
}

/// Whether something in a path stands for something else.
fn is_pattern(path: &str) -> bool {
    path.contains(['*', '<', '{', '$', '?']) || path.split('/').any(is_placeholder)
}

/// `ENV`, `NAME`, `...`: not `README`, which is followed by `.md`.
fn is_placeholder(part: &str) -> bool {
    part == "..."
        || part.len() > 1
            && part.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            && part != "LICENSE"
}

/// `<name>`, `*`, `?`, `$NAME`, `${NAME}` and `{one,other}` in a part, and parts that are placeholders.
fn expression(pattern: &str) -> Regex {
    let token = Regex::new(
        r"(?x) (?<any>\*\*) | (?<some>\* | <[^<>/]*> | \$\{[^{}]*\} | \$\w+) | \? | \{(?<one>[^{}]*,[^{}]*)\}",
    )
    .unwrap();
    let parts: Vec<String> = pattern
        .split('/')
        .map(|part| {
            if part == "..." {
                return ".*".to_owned();
            }
            if is_placeholder(part) {
                return "[^/]+".to_owned();
            }
            let (mut out, mut end) = (String::new(), 0);
            for found in token.captures_iter(part) {
                let whole = found.get(0).unwrap();
                out.push_str(&regex::escape(&part[end..whole.start()]));
                end = whole.end();
                if let Some(choices) = found.name("one") {
                    let choices: Vec<_> = choices.as_str().split(',').map(regex::escape).collect();
                    out.extend(["(?:", &choices.join("|"), ")"]);
                } else if found.name("any").is_some() {
                    out.push_str(".*");
                } else {
                    out.push_str(if whole.as_str() == "?" { "[^/]" } else { "[^/]*" });
                }
            }
            out.push_str(&regex::escape(&part[end..]));
            out
        })
        .collect();
    Regex::new(&format!("^{}$", parts.join("/"))).unwrap()
}

/// `to` as seen from the directory `from`, or from the root if it starts with a slash. None if that
/// is outside of the repository.
pub fn resolve(from: &str, to: &str) -> Option<String> {
    let start = if to.starts_with('/') { "" } else { from };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(to.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a file.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// `md` of `docs/page.md`.
pub fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}
