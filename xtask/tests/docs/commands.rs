//! Whether a command line in a page is one that its program takes.

use clap::CommandFactory;
use xtask::commands::Cli;

use super::tree::{Tree, resolve};

/// What is wrong with the words after `cargo xtask`, by the program's own definition. Words of the
/// user in capitals or brackets stand for themselves.
pub fn check_xtask(words: &[&str], problems: &mut Vec<String>) {
    let mut root = Cli::command();
    root.build();
    let (mut command, mut path) = (&root, "cargo xtask".to_owned());
    let mut globals: Vec<&clap::Arg> = Vec::new();
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        let word = word.trim_matches(['[', ']']).trim_end_matches([',', ';', '`']);
        globals.extend(command.get_arguments().filter(|argument| argument.is_global_set()));
        if ["--", "|", ">", ">>", "&&", "||", ";", "#", "&", "2>&1"].contains(&word) {
            return;
        }
        if word.starts_with('-') && word.len() > 1 {
            let (flag, value) = word.split_once('=').map_or((word, None), |(a, b)| (a, Some(b)));
            if ["--help", "-h", "--version", "-V"].contains(&flag) {
                continue;
            }
            let Some(argument) = command
                .get_arguments()
                .chain(globals.iter().copied())
                .find(|argument| is(argument, flag))
            else {
                problems.push(format!("`{path}` has no option `{flag}`"));
                continue;
            };
            if !argument.get_action().takes_values() {
                continue;
            }
            let required = argument.get_num_args().is_none_or(|range| range.min_values() > 0);
            let value = value.or_else(|| {
                words
                    .next_if(|next| required && !next.starts_with('-'))
                    .map(|next| next.trim_matches([',', ']']))
            });
            if let Some(value) = value {
                check_value(argument, value, &format!("`{path} {flag}`"), problems);
            }
            continue;
        }
        if let Some(inner) = command.find_subcommand(word) {
            command = inner;
            path = format!("{path} {word}");
            continue;
        }
        let positional = command.get_positionals().next();
        match positional {
            Some(argument) => {
                for word in word.split('|') {
                    check_value(
                        argument,
                        word.trim_end_matches('\\'),
                        &format!("`{path}`"),
                        problems,
                    );
                }
            }
            None if is_placeholder(word) => {}
            None if command.has_subcommands() => {
                problems.push(format!("`{path}` has no command `{word}`"));
                return;
            }
            None => problems.push(format!("`{path}` takes no `{word}`")),
        }
    }
}

fn is(argument: &clap::Arg, flag: &str) -> bool {
    if let Some(long) = flag.strip_prefix("--") {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        return argument.get_long() == Some(long) || aliases.contains(&long);
    }
    let short = flag.chars().nth(1);
    argument.get_short() == short
}

fn check_value(argument: &clap::Arg, value: &str, place: &str, problems: &mut Vec<String>) {
    let possible = argument.get_possible_values();
    if possible.is_empty() || is_placeholder(value) {
        return;
    }
    for value in value.split(',') {
        if !possible.iter().any(|one| one.matches(value, false)) {
            problems.push(format!("{place} takes no `{value}`"));
        }
    }
}

fn is_placeholder(word: &str) -> bool {
    word.starts_with(['<', '$', '.', '{'])
        || word.chars().all(|c| c.is_ascii_uppercase() || "_-/.[]".contains(c))
}

/// What is wrong with the paths that `kubectl` and `kustomize` are to read, seen from any of `from`.
pub fn check_kubectl(words: &[&str], from: &[&str], tree: &Tree, problems: &mut Vec<String>) {
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(a, b)| (a, Some(b)));
        let is_kustomization = matches!(flag, "-k" | "--kustomize");
        if word == "logs" {
            // Its `-f` follows, and takes no path.
            return;
        }
        if !is_kustomization && !matches!(flag, "-f" | "--filename") {
            continue;
        }
        let Some(value) = value.or_else(|| words.next()) else { continue };
        let value = value.trim_matches(['\'', '"']);
        if value.starts_with(['-', '/']) || value.contains("://") || is_placeholder(value) {
            continue;
        }
        let mut paths = from.iter().filter_map(|from| resolve(from, value));
        if is_kustomization {
            if !paths.any(|path| tree.matches(&format!("{path}/kustomization.yaml"))) {
                problems.push(format!("`{flag} {value}` names no kustomization"));
            }
        } else if !paths.any(|path| tree.matches(&path)) {
            problems.push(format!("`{flag} {value}` names no file"));
        }
    }
}
