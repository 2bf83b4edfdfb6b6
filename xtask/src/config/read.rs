//! Reading `xtask.toml`: each value with its place, and a diagnostic for each that is wrong.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Config, Environment, External, FILE, Image, Pattern, Setting, Suppression};
use crate::{
    diag::{Code, Diagnostic, codes, did_you_mean},
    source::{SourceId, Span},
};

/// A longer file is not one that people keep; no more than this is read.
const MAX_BYTES: usize = 1024 * 1024;

/// The tables, as a file writes them.
const TABLES: [&str; 5] = ["validate", "suppress", "external", "image", "environments"];

pub(super) fn read(text: &str, source: SourceId, out: &mut Vec<Diagnostic>) -> Config {
    let mut reader = Reader { source, out };
    if text.len() > MAX_BYTES {
        let message = format!("`{FILE}` has {} bytes, over {MAX_BYTES}", text.len());
        let help = "accept findings with few wide entries, or mend what they are about";
        reader.wrong(codes::CONFIG_SYNTAX, message, Span::start_of(source), help);
        return Config::default();
    }
    match DeTable::parse(text) {
        Ok(document) => reader.config(document.get_ref()),
        Err(error) => {
            let at = reader.span(&error.span().unwrap_or_default());
            let message = format!("`{FILE}` is not TOML: {}", error.message().replace('\n', "; "));
            let help = "text stands in quotes, and one setting on a line: `key = \"value\"`";
            reader.wrong(codes::CONFIG_SYNTAX, message, at, help);
            Config::default()
        }
    }
}

struct Reader<'a> {
    source: SourceId,
    out: &'a mut Vec<Diagnostic>,
}

/// A table, and what messages call it.
struct Table<'t, 'i> {
    name: String,
    keys: &'t DeTable<'i>,
    span: Span,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn config(&mut self, document: &DeTable<'_>) -> Config {
        let root =
            Table { name: FILE.to_owned(), keys: document, span: Span::start_of(self.source) };
        self.known_keys(&root, &TABLES);
        let mut config = Config::default();
        if let Some(validate) = self.table(&root, "validate") {
            self.known_keys(&validate, &["kubernetes-versions"]);
            config.kubernetes_versions = self.strings(&validate, "kubernetes-versions");
            if let Some(value) = value(&validate, "kubernetes-versions")
                && value.get_ref().as_array().is_some_and(|list| list.is_empty())
            {
                let message = "`kubernetes-versions` names no version".to_owned();
                let help = "name at least one, or leave the key out for all that are known";
                let at = self.span(&value.span());
                self.wrong(codes::CONFIG_VALUE, message, at, help);
            }
        }
        let entries = self.tables(&root, "suppress");
        config.suppressions = entries.iter().filter_map(|one| self.suppression(one)).collect();
        let entries = self.tables(&root, "external");
        config.externals = entries.iter().filter_map(|one| self.external(one)).collect();
        let entries = self.tables(&root, "image");
        config.images = entries.iter().filter_map(|one| self.image(one)).collect();
        config.environments = self.environments(&root);
        config
    }

    fn suppression(&mut self, entry: &Table<'_, '_>) -> Option<Suppression> {
        self.known_keys(entry, &["code", "path", "contains", "reason"]);
        let code = self.required(entry, "code", "the code of a finding: `area/rule`");
        let reason = self.required(entry, "reason", "why the finding is accepted");
        let path = self.optional(entry, "path").and_then(|path| self.pattern(&path));
        let contains = self.optional(entry, "contains");
        let code = code.and_then(|code| Some((self.code(&code)?, code.span)));
        let ((code, span), reason) = code.zip(reason)?;
        // Without one of its limits the entry would accept too much.
        let is_lost = |key, is_read: bool| !is_read && value(entry, key).is_some();
        if is_lost("path", path.is_some()) || is_lost("contains", contains.is_some()) {
            return None;
        }
        let contains = contains.map(|text| text.value);
        Some(Suppression { code, path, contains, reason: reason.value, span })
    }

    fn code(&mut self, name: &Setting<String>) -> Option<Code> {
        let Some(code) = codes::by_name(&name.value) else {
            let known = codes::ALL.iter().map(|(code, _)| code.as_str());
            let help = did_you_mean(&name.value, known).unwrap_or_else(|| {
                "a code stands in brackets in the first line of a finding".to_owned()
            });
            let message = format!("there is no code `{}`", name.value);
            self.wrong(codes::CONFIG_VALUE, message, name.span, help);
            return None;
        };
        let help = match code.area() {
            "config" => "mend or remove the entry of this file that it is about",
            "render" => "what is in `rendered/` is what gets deployed, so that it must be right",
            _ => return Some(code),
        };
        let message = format!("`{code}` cannot be suppressed");
        self.wrong(codes::CONFIG_VALUE, message, name.span, help);
        None
    }

    fn pattern(&mut self, path: &Setting<String>) -> Option<Pattern> {
        match Pattern::new(&path.value) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let message = format!("`path` is no pattern for paths: {error}");
                self.wrong(codes::CONFIG_VALUE, message, path.span, error.help());
                None
            }
        }
    }

    fn external(&mut self, entry: &Table<'_, '_>) -> Option<External> {
        self.known_keys(
            entry,
            &["kind", "apiVersion", "namespace", "name", "keys", "environments", "reason"],
        );
        let kind = self.required(entry, "kind", "the kind of the object, such as `Secret`");
        let name = self.required(entry, "name", "the name of the object; `*` stands for any part");
        let reason = self.required(entry, "reason", "what makes the object");
        let [api_version, namespace] =
            ["apiVersion", "namespace"].map(|key| self.optional(entry, key));
        let [keys, environments] = ["keys", "environments"].map(|key| self.strings(entry, key));
        let ((kind, name), reason) = kind.zip(name).zip(reason)?;
        Some(External {
            kind: kind.value,
            api_version: api_version.map(|one| one.value),
            namespace: namespace.map(|one| one.value),
            keys: keys.into_iter().map(|key| key.value).collect(),
            environments,
            reason: reason.value,
            span: name.span,
            name: name.value,
        })
    }

    fn image(&mut self, entry: &Table<'_, '_>) -> Option<Image> {
        self.known_keys(entry, &["name", "object", "tag", "digest", "reason"]);
        let name = self.required(entry, "name", "the image with its registry, without a tag");
        let [object, tag, digest, reason] =
            ["object", "tag", "digest", "reason"].map(|key| self.optional(entry, key));
        if value(entry, "object").is_some() {
            if value(entry, "tag").is_none() {
                self.required(entry, "tag", "the field of the object that has the tag");
            }
        } else if let Some(Setting { span, .. }) = tag.as_ref().or(digest.as_ref()) {
            let message = "`[[image]]` names a field and no object".to_owned();
            let help = "add `object = \"Kind/name\"`: the object that has the field";
            self.wrong(codes::CONFIG_MISSING_KEY, message, *span, help);
        } else if value(entry, "reason").is_none() {
            self.required(entry, "reason", "why the image has no digest");
        }
        Some(Image { name: name?, object, tag, digest, reason: reason.map(|one| one.value) })
    }

    fn environments(&mut self, root: &Table<'_, '_>) -> BTreeMap<String, Setting<Environment>> {
        let Some(all) = self.table(root, "environments") else { return BTreeMap::new() };
        let mut environments = BTreeMap::new();
        for key in all.keys.keys() {
            let Some(one) = self.table(&all, key.get_ref()) else { continue };
            self.known_keys(&one, &["production"]);
            let production = self.boolean(&one, "production");
            let span = self.span(&key.span());
            let setting = Setting { value: Environment { production }, span };
            environments.insert(key.get_ref().to_string(), setting);
        }
        environments
    }

    /// Reports each key that is none of these.
    fn known_keys(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        for key in table.keys.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let help = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("there are: {}", known.join(", ")));
            let message = format!("`{}` has no key `{name}`", table.name);
            let at = self.span(&key.span());
            self.wrong(codes::CONFIG_UNKNOWN_KEY, message, at, help);
        }
    }

    /// The table at a key.
    fn table<'t, 'i>(&mut self, parent: &Table<'t, 'i>, key: &str) -> Option<Table<'t, 'i>> {
        let value = value(parent, key)?;
        let name = if parent.name == FILE {
            format!("[{key}]")
        } else {
            format!("{}.{key}]", parent.name.trim_end_matches(']'))
        };
        let Some(keys) = value.get_ref().as_table() else {
            self.wrong_type(key, &format!("a table: `{name}`"), value);
            return None;
        };
        Some(Table { name, keys, span: self.span(&value.span()) })
    }

    /// The tables in the list at a key.
    fn tables<'t, 'i>(&mut self, parent: &Table<'t, 'i>, key: &str) -> Vec<Table<'t, 'i>> {
        let Some(value) = value(parent, key) else { return Vec::new() };
        let name = format!("[[{key}]]");
        let expected = format!("a list of tables: `{name}`");
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, &expected, value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in list {
            match item.get_ref().as_table() {
                Some(keys) => {
                    let span = self.span(&item.span());
                    tables.push(Table { name: name.clone(), keys, span });
                }
                None => self.wrong_type(key, &expected, item),
            }
        }
        tables
    }

    /// The text at a key that must be there.
    fn required(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        meaning: &str,
    ) -> Option<Setting<String>> {
        if value(table, key).is_none() {
            let message = format!("`{}` has no `{key}`", table.name);
            let help = format!("add `{key} = \"...\"`: {meaning}");
            self.wrong(codes::CONFIG_MISSING_KEY, message, table.span, help);
            return None;
        }
        self.optional(table, key)
    }

    /// The text at a key; none also if it is wrong, which is reported.
    fn optional(&mut self, table: &Table<'_, '_>, key: &str) -> Option<Setting<String>> {
        let value = value(table, key)?;
        self.text(key, value)
    }

    /// The texts in the list at a key.
    fn strings(&mut self, table: &Table<'_, '_>, key: &str) -> Vec<Setting<String>> {
        let Some(value) = value(table, key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, "a list of strings", value);
            return Vec::new();
        };
        list.iter().filter_map(|item| self.text(key, item)).collect()
    }

    fn boolean(&mut self, table: &Table<'_, '_>, key: &str) -> Option<bool> {
        let value = value(table, key)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong_type(key, "`true` or `false`", value);
        }
        boolean
    }

    fn text(&mut self, key: &str, value: &Value<'_>) -> Option<Setting<String>> {
        let span = self.span(&value.span());
        match value.get_ref().as_str().map(str::trim) {
            Some("") => {
                let message = format!("`{key}` is empty");
                let help = "write what it stands for, or remove the entry";
                self.wrong(codes::CONFIG_VALUE, message, span, help);
                None
            }
            Some(text) => Some(Setting { value: text.to_owned(), span }),
            None => {
                self.wrong_type(key, "a string", value);
                None
            }
        }
    }

    fn wrong_type(&mut self, key: &str, expected: &str, value: &Value<'_>) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let help = match expected {
            "a string" => format!("write text in quotes: `{key} = \"...\"`"),
            "a list of strings" => format!("write a list: `{key} = [\"...\"]`"),
            expected => format!("write {expected}"),
        };
        let message = format!("`{key}` must be {expected}, not {found}");
        let at = self.span(&value.span());
        self.wrong(codes::CONFIG_TYPE, message, at, help);
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(self.source, offset(range.start)..offset(range.end))
    }

    fn wrong(&mut self, code: Code, message: String, at: Span, help: impl Into<String>) {
        self.out.push(Diagnostic::error(code, message, at).with_help(help));
    }
}

/// The value at a key.
fn value<'t, 'i>(table: &Table<'t, 'i>, key: &str) -> Option<&'t Value<'i>> {
    table.keys.get(key)
}
