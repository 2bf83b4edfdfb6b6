//! Files and directories that a kustomization may refer to.
//!
//! Source: kustomize's `internal/loader`. Files must be in or below the directory of the
//! kustomization, with symbolic links followed; bases may be anywhere but not above.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{LoadRestrictor, context::Context, decode::Spanned, kustomization::Kustomization};
use crate::{
    diag::{Diagnostic, closest, codes},
    resource::hide_broken_secrets,
    source::{FileError, SourceId, Span, normalize, read_bytes, read_text},
    yaml::{Dialect, Node, Text, parse},
};

/// The names that a kustomization file may have.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fewer files than this are not worth waking other threads for.
const PARALLEL_FROM: usize = 8;

/// The directory of one kustomization and the ways that led to it.
#[derive(Clone, Debug)]
pub struct Loader {
    /// The directory with every symbolic link followed.
    root: PathBuf,
    /// The directory as the files write it, from the directory of the build.
    shown: PathBuf,
    /// The roots of the kustomizations that lead here, outermost first.
    ancestors: Vec<PathBuf>,
    restrictor: LoadRestrictor,
    /// The directory as seen from the root of the build, which `buildMetadata` prints.
    pub origin: String,
}

/// What an entry of `resources:` turned out to be.
pub enum Loaded {
    /// The documents of a file.
    Documents(Vec<Node>),
    /// A directory with a kustomization.
    Directory(Box<Loader>),
    /// It could not be read, which has been reported.
    Failed,
}

/// What reading one entry gave, before it has a place among the sources.
enum Read {
    File(PathBuf, String),
    Directory(PathBuf),
    Failed(PathBuf, Failure),
}

enum Failure {
    File(FileError),
    OutsideRoot,
}

impl Loader {
    /// The directory that a build starts at.
    pub fn start(dir: &Path, restrictor: LoadRestrictor) -> std::io::Result<Self> {
        let root = fs::canonicalize(dir)?;
        if !root.is_dir() {
            return Err(std::io::ErrorKind::NotADirectory.into());
        }
        let shown = std::path::absolute(dir).map(|path| normalize(&path))?;
        Ok(Self { root, shown, ancestors: Vec::new(), restrictor, origin: String::new() })
    }

    /// The name of the directory.
    pub fn directory_name(&self) -> String {
        self.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Reads the kustomization file; `None` if there is none that can be read, which has been
    /// reported at `asked_at`, or at the directory if nobody asked.
    pub fn kustomization(
        &self,
        context: &mut Context<'_>,
        asked_at: Option<Span>,
    ) -> Option<(Kustomization, &'static str)> {
        let present: Vec<&str> =
            FILE_NAMES.into_iter().filter(|name| self.root.join(name).is_file()).collect();
        let shown = context.show(&self.shown);
        let at = |context: &mut Context<'_>| match asked_at {
            Some(span) => span,
            None => Span::start_of(context.sources.add(shown.clone(), "")),
        };
        let name = match *present.as_slice() {
            [name] => name,
            [] => {
                let at = at(context);
                let message = format!("`{shown}` has no kustomization file");
                context.report(
                    Diagnostic::error(codes::KUSTOMIZE_NO_KUSTOMIZATION, message, at)
                        .with_help(format!("add one of {}", FILE_NAMES.join(", "))),
                );
                return None;
            }
            _ => {
                let at = at(context);
                let message =
                    format!("`{shown}` has several kustomization files: {}", present.join(", "));
                context.report(
                    Diagnostic::error(codes::KUSTOMIZE_MULTIPLE_KUSTOMIZATIONS, message, at)
                        .with_help("keep one of them"),
                );
                return None;
            }
        };
        let path = self.shown.join(name);
        let text = match read_text(&self.root.join(name)) {
            Ok(text) => text,
            Err(error) => {
                let at = at(context);
                context.unreadable(&path, &error, at);
                return None;
            }
        };
        context.directories.insert(self.root.clone());
        let source = context.add_file(&path, text);
        let before = context.diagnostics.len();
        let documents = parse(context.sources, source, Dialect::Config, &mut context.diagnostics);
        if context.diagnostics.len() > before
            && context.sources.get(source).text.contains("secretGenerator")
        {
            context.hide_text(source);
        }
        let Some(document) = documents.first() else {
            if context.diagnostics.len() == before {
                context.report(
                    Diagnostic::error(
                        codes::KUSTOMIZE_EMPTY,
                        "the kustomization is empty",
                        Span::start_of(source),
                    )
                    .with_help("add `resources:`"),
                );
            }
            return None;
        };
        let secrets = document.get("secretGenerator").and_then(Node::as_sequence);
        for literals in secrets.into_iter().flatten().filter_map(|secret| secret.get("literals")) {
            context.sources.hide(literals.span);
        }
        let kustomization = Kustomization::read(document, &mut context.diagnostics);
        if kustomization.is_empty && document.as_mapping().is_some() {
            let known = context.diagnostics.iter().skip(before).any(Diagnostic::is_error);
            if !known {
                context.report(
                    Diagnostic::error(
                        codes::KUSTOMIZE_EMPTY,
                        "the kustomization does nothing",
                        Span::start_of(source),
                    )
                    .with_help("add `resources:`"),
                );
            }
        }
        Some((kustomization, name))
    }

    /// Reads everything that `resources:` names, files on all cores.
    pub fn resources(&self, context: &mut Context<'_>, entries: &[Spanned<Text>]) -> Vec<Loaded> {
        let read = |entry: &Spanned<Text>| self.read(&entry.value);
        let read: Vec<Read> = if entries.len() < PARALLEL_FROM {
            entries.iter().map(read).collect()
        } else {
            entries.par_iter().map(read).collect()
        };
        let mut loaded: Vec<Result<SourceId, Loaded>> = Vec::with_capacity(read.len());
        for (entry, read) in entries.iter().zip(read) {
            loaded.push(match read {
                Read::File(path, text) => self.add(context, &path, text).ok_or(Loaded::Failed),
                Read::Directory(path) => Err(match self.enter(context, &path, entry) {
                    Some(loader) => Loaded::Directory(Box::new(loader)),
                    None => Loaded::Failed,
                }),
                Read::Failed(path, failure) => {
                    self.failed(context, &path, &failure, entry);
                    Err(Loaded::Failed)
                }
            });
        }
        let sources = &*context.sources;
        let parse_one = |loaded: Result<SourceId, Loaded>| match loaded {
            Ok(source) => {
                let mut out = Vec::new();
                (Loaded::Documents(parse(sources, source, Dialect::Resource, &mut out)), out)
            }
            Err(other) => (other, Vec::new()),
        };
        let parsed: Vec<(Loaded, Vec<Diagnostic>)> = if entries.len() < PARALLEL_FROM {
            loaded.into_iter().map(parse_one).collect()
        } else {
            loaded.into_par_iter().map(parse_one).collect()
        };
        let mut result = Vec::with_capacity(parsed.len());
        for (loaded, diagnostics) in parsed {
            hide_broken_secrets(context.sources, &diagnostics);
            context.diagnostics.extend(diagnostics);
            result.push(loaded);
        }
        result
    }

    /// The directory that an entry of `components:` names.
    pub fn component(&self, context: &mut Context<'_>, entry: &Spanned<Text>) -> Option<Loader> {
        match self.read(&entry.value) {
            Read::Directory(path) => self.enter(context, &path, entry),
            Read::File(path, _) => {
                let message =
                    format!("`{}` is a file, and a component is a directory", context.show(&path));
                context.report(Diagnostic::error(
                    codes::KUSTOMIZE_MISSING_FILE,
                    message,
                    entry.span,
                ));
                None
            }
            Read::Failed(path, failure) => {
                self.failed(context, &path, &failure, entry);
                None
            }
        }
    }

    /// The text of a file, rendered if it is a template.
    pub fn text(&self, context: &mut Context<'_>, path: &Spanned<Text>) -> Option<SourceId> {
        match self.read(&path.value) {
            Read::File(path, text) => self.add(context, &path, text),
            Read::Directory(found) => {
                let message = format!("`{}` is a directory", context.show(&found));
                context.report(Diagnostic::error(
                    codes::KUSTOMIZE_MISSING_FILE,
                    message,
                    path.span,
                ));
                None
            }
            Read::Failed(found, failure) => {
                self.failed(context, &found, &failure, path);
                None
            }
        }
    }

    /// The bytes of a file, and its place among the sources if it is text.
    pub fn bytes(
        &self,
        context: &mut Context<'_>,
        path: &Spanned<Text>,
    ) -> Option<(Vec<u8>, Option<SourceId>)> {
        let (real, shown) =
            (self.root.join(&*path.value), normalize(&self.shown.join(&*path.value)));
        let failure = match self.allows(&path.value, &real) {
            Ok(true) => match read_bytes(&real) {
                Ok(bytes) => {
                    let source = std::str::from_utf8(&bytes)
                        .ok()
                        .map(|text| context.add_file(&shown, text.to_owned()));
                    return Some((bytes, source));
                }
                Err(error) => Failure::File(error),
            },
            Ok(false) => Failure::OutsideRoot,
            Err(error) => Failure::File(error.into()),
        };
        self.failed(context, &shown, &failure, path);
        None
    }

    fn read(&self, entry: &str) -> Read {
        let (real, shown) = (self.root.join(entry), normalize(&self.shown.join(entry)));
        match fs::metadata(&real) {
            Ok(metadata) if metadata.is_dir() => Read::Directory(shown),
            Ok(_) => match self.allows(entry, &real) {
                Ok(true) => match read_text(&real) {
                    Ok(text) => Read::File(shown, text),
                    Err(error) => Read::Failed(shown, Failure::File(error)),
                },
                Ok(false) => Read::Failed(shown, Failure::OutsideRoot),
                Err(error) => Read::Failed(shown, Failure::File(error.into())),
            },
            Err(error) => Read::Failed(shown, Failure::File(error.into())),
        }
    }

    /// Whether the restriction lets a file be read.
    fn allows(&self, entry: &str, real: &Path) -> std::io::Result<bool> {
        if self.restrictor == LoadRestrictor::None {
            return Ok(true);
        }
        let relative = Path::new(entry);
        let plain = relative.components().all(|part| {
            matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir)
        });
        // Without `..` only a symbolic link leads out, and most paths are one name long.
        if plain {
            let mut path = self.root.clone();
            let mut linked = false;
            for part in relative.components() {
                path.push(part);
                linked |= fs::symlink_metadata(&path)?.is_symlink();
            }
            if !linked {
                return Ok(true);
            }
        }
        Ok(fs::canonicalize(real)?.starts_with(&self.root))
    }

    /// Adds a file to the sources, rendered if it is a template.
    fn add(&self, context: &mut Context<'_>, path: &Path, text: String) -> Option<SourceId> {
        if path.extension().is_some_and(|extension| extension == "j2") {
            let template = context.add_file(path, text);
            return context.render(self, template);
        }
        Some(context.add_file(path, text))
    }

    /// The loader of a directory that this one refers to.
    fn enter(
        &self,
        context: &mut Context<'_>,
        shown: &Path,
        entry: &Spanned<Text>,
    ) -> Option<Loader> {
        if Path::new(entry.value.as_str()).is_absolute() {
            let message = format!("the base `{}` is an absolute path", entry.value);
            context.report(
                Diagnostic::error(codes::KUSTOMIZE_ABSOLUTE_BASE, message, entry.span).with_help(
                    "write it relative to this kustomization, so that the repository can be moved",
                ),
            );
            return None;
        }
        if let Some(diagnostic) = ambiguous(entry) {
            context.report(diagnostic);
            return None;
        }
        let root = match fs::canonicalize(self.root.join(&*entry.value)) {
            Ok(root) => root,
            Err(error) => {
                context.unreadable(shown, &FileError::from(error), entry.span);
                return None;
            }
        };
        let mut visited: Vec<&PathBuf> = self.ancestors.iter().chain([&self.root]).collect();
        visited.reverse();
        if let Some(inner) = visited.iter().find(|inner| inner.starts_with(&root)) {
            let way: Vec<String> = self
                .ancestors
                .iter()
                .chain([&self.root, &root])
                .map(|dir| context.show(dir))
                .collect();
            let message = if **inner == root {
                format!("the base `{}` leads back to itself", context.show(shown))
            } else {
                format!(
                    "the base `{}` contains the kustomization that refers to it",
                    context.show(shown)
                )
            };
            context.report(
                Diagnostic::error(codes::KUSTOMIZE_CYCLE, message, entry.span)
                    .with_help(format!("the way is {}", way.join(" -> "))),
            );
            return None;
        }
        let mut ancestors = self.ancestors.clone();
        ancestors.push(self.root.clone());
        let origin = join_origin(&self.origin, &entry.value);
        Some(Loader {
            root,
            shown: shown.to_owned(),
            ancestors,
            restrictor: self.restrictor,
            origin,
        })
    }

    fn failed(
        &self,
        context: &mut Context<'_>,
        path: &Path,
        failure: &Failure,
        entry: &Spanned<Text>,
    ) {
        match failure {
            Failure::OutsideRoot => {
                let message = format!(
                    "`{}` is not in or below `{}`",
                    context.show(path),
                    context.show(&self.shown)
                );
                context.report(
                    Diagnostic::error(codes::KUSTOMIZE_OUTSIDE_ROOT, message, entry.span).with_help(
                        "move the file, make a base of its directory, or use `--load-restrictor LoadRestrictionsNone`",
                    ),
                );
            }
            Failure::File(FileError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                if is_remote(&entry.value) {
                    let message = format!("`{}` is not a local path", entry.value);
                    context.report(
                        Diagnostic::error(codes::KUSTOMIZE_NEEDS_NETWORK, message, entry.span)
                            .with_help("copy what it refers to into the repository, so that it is reviewed and pinned"),
                    );
                    return;
                }
                if let Some(diagnostic) = ambiguous(entry) {
                    context.report(diagnostic);
                    return;
                }
                let message = format!("`{}` does not exist", context.show(path));
                let diagnostic =
                    Diagnostic::error(codes::KUSTOMIZE_MISSING_FILE, message, entry.span);
                context.report(match neighbour(&self.root.join(&*entry.value)) {
                    Some(name) => diagnostic.with_help(format!("there is `{name}` beside it")),
                    None => diagnostic.with_help("correct the path, or remove the entry"),
                });
            }
            Failure::File(error) => context.unreadable(path, error, entry.span),
        }
    }

    /// The directory, with every symbolic link followed.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directories whose values a template here sees, weakest first: this one, those that lead
    /// to it, and last the one that the build started at.
    pub fn value_directories(&self) -> Vec<&Path> {
        [&self.root].into_iter().chain(self.ancestors.iter().rev()).map(PathBuf::as_path).collect()
    }
}

/// Refuses a path with a part such as `base - ..`, which would lead elsewhere than it seems.
fn ambiguous(entry: &Spanned<Text>) -> Option<Diagnostic> {
    let odd = |part: &&str| !matches!(*part, "" | "." | "..") && part.contains("..");
    let part = entry.value.split('/').find(odd)?;
    let message = format!("the path `{}` has the part `{part}`", entry.value);
    let diagnostic = Diagnostic::error(codes::KUSTOMIZE_AMBIGUOUS_PATH, message, entry.span);
    Some(diagnostic.with_help("check the indentation: two entries of a list may have become one"))
}

/// Whether a path is meant to be fetched.
fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("git::")
        || path.contains("?ref=")
        || path.starts_with("github.com/")
}

/// A name in the same directory that the missing one may have been meant to be.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let names = fs::read_dir(path.parent()?).ok()?.flatten();
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let with_suffix = format!("{wanted}.j2");
    if names.contains(&with_suffix) {
        return Some(with_suffix);
    }
    closest(&wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// A path behind the way that led to its kustomization, as `buildMetadata` prints it.
pub fn join_origin(origin: &str, path: &str) -> String {
    let joined = normalize(&Path::new(origin).join(path));
    if joined.as_os_str() == "." { String::new() } else { joined.to_string_lossy().into_owned() }
}
