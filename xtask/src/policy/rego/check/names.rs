//! The rules of a template and how they are called.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::rego::syntax::{File, Rule, RuleKind};

/// All rules of one name.
pub(in crate::policy::rego) struct Definition<'a> {
    /// As its own package calls it.
    pub name: String,
    /// With the package before it: `lib.helpers.f`.
    pub full: String,
    /// With the text that each is in.
    pub rules: Vec<(usize, &'a Rule)>,
}

impl Definition<'_> {
    /// How many arguments it takes, if it is a function.
    pub fn arity(&self) -> Option<usize> {
        self.rules
            .iter()
            .find(|(_, rule)| matches!(rule.kind, RuleKind::Function))
            .map(|(_, rule)| rule.arguments.len())
    }
}

/// What names stand for.
pub(in crate::policy::rego) struct Names<'a> {
    /// Sorted by full name.
    definitions: Vec<Definition<'a>>,
    /// For each package the first names of its rules.
    globals: BTreeMap<&'a [String], BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    pub fn of(files: &'a [File]) -> Self {
        let mut definitions: BTreeMap<String, Definition<'a>> = BTreeMap::new();
        let mut globals: BTreeMap<&'a [String], BTreeSet<&'a str>> = BTreeMap::new();
        for (text, file) in files.iter().enumerate() {
            for rule in &file.rules {
                let path = rule.path();
                let full = full(file, &path);
                globals.entry(&file.package).or_default().extend(path.first());
                definitions
                    .entry(full.clone())
                    .or_insert_with(|| Definition { name: path.join("."), full, rules: Vec::new() })
                    .rules
                    .push((text, rule));
            }
        }
        Self { definitions: definitions.into_values().collect(), globals }
    }

    pub fn definitions(&self) -> &[Definition<'a>] {
        &self.definitions
    }

    pub fn is_global(&self, file: &File, name: &str) -> bool {
        self.globals.get(file.package.as_slice()).is_some_and(|names| names.contains(name))
            || file.imports.iter().any(|import| !import.is_of_keywords() && import.name() == name)
    }

    /// The position of a definition that exists.
    pub fn definition_of(&self, file: &File, path: &[&str]) -> usize {
        self.position(&full(file, path)).unwrap_or(usize::MAX)
    }

    /// The full name that a path stands for in a file, if it is global: `lib.helpers.f` for `helpers.f`
    /// behind an import. `data` stands for nothing in front of it.
    pub fn resolved(&self, file: &File, path: &[&str]) -> Option<String> {
        let (head, rest) = path.split_first()?;
        if *head == "data" {
            return Some(rest.join("."));
        }
        if self.globals.get(file.package.as_slice()).is_some_and(|names| names.contains(head)) {
            return Some(full(file, path));
        }
        let named = |import: &&super::super::syntax::Import| {
            !import.is_of_keywords() && import.name() == *head
        };
        let import = file.imports.iter().find(named)?;
        let mut target: Vec<&str> = import.path.iter().skip(1).map(String::as_str).collect();
        target.extend(rest);
        Some(target.join("."))
    }

    /// The function of a full name.
    pub fn function(&self, full: &str) -> Option<&Definition<'a>> {
        self.definitions.get(self.position(full)?).filter(|found| found.arity().is_some())
    }

    /// What is called without arguments although it is no function: rules that have one value. OPA takes
    /// that where it does not know the type of the value.
    pub fn constant(&self, full: &str) -> Option<&Definition<'a>> {
        self.definitions.get(self.position(full)?).filter(|found| {
            found.rules.iter().all(|(_, rule)| matches!(rule.kind, RuleKind::Complete))
        })
    }

    /// The definitions that a reference may read: the one whose name begins it, or all below it.
    pub fn read_by(&self, full: &str) -> Vec<usize> {
        let mut begin = full;
        loop {
            if let Some(at) = self.position(begin) {
                return vec![at];
            }
            match begin.rsplit_once('.') {
                Some((shorter, _)) => begin = shorter,
                None => break,
            }
        }
        let below = format!("{full}.");
        let from = self.definitions.partition_point(|one| one.full.as_str() < below.as_str());
        self.definitions
            .iter()
            .enumerate()
            .skip(from)
            .take_while(|(_, one)| one.full.starts_with(&below))
            .map(|(at, _)| at)
            .collect()
    }

    fn position(&self, full: &str) -> Option<usize> {
        self.definitions.binary_search_by(|one| one.full.as_str().cmp(full)).ok()
    }
}

fn full(file: &File, path: &[&str]) -> String {
    let package = file.package.iter().map(String::as_str);
    package.chain(path.iter().copied()).collect::<Vec<_>>().join(".")
}
