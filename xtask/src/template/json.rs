//! Values as JSON, with the place of each value from a values file.

use std::ops::Range;

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

use super::object::{Collection, Place, Shared};

/// The stretches of a text that show values, in order.
pub(super) type Parts = Vec<(Range<usize>, Place)>;

/// The filter `tojson`: a value as JSON, which is YAML in one line. It is laid out as minijinja
/// does, without the escapes that only HTML needs.
pub(super) fn to_json(
    log: &Shared,
    value: &Value,
    indent: Option<Value>,
    options: &Kwargs,
) -> Result<Value, Error> {
    let indent = match indent {
        None => options.get("indent")?,
        given => given,
    };
    options.assert_all_used()?;
    let indent = match indent.map(|indent| (bool::try_from(indent.clone()), indent)) {
        None | Some((Ok(false), _)) => None,
        Some((Ok(true), _)) => Some(2),
        // Any number but the width of an indentation is a mistake.
        Some((Err(_), width)) => Some(usize::try_from(width)?.min(MAX_INDENT)),
    };
    let mark = log.lock().mark();
    let mut writer = Writer { indent, ..Writer::default() };
    writer.value(value)?;
    log.lock().fold(mark, &writer.text, writer.parts);
    Ok(Value::from_safe_string(writer.text))
}

/// The widest indentation of one level.
const MAX_INDENT: usize = 16;

#[derive(Default)]
struct Writer {
    text: String,
    parts: Parts,
    /// How many spaces each level is indented by; all is on one line without it.
    indent: Option<usize>,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result<(), Error> {
        if let Some(collection) = value.downcast_object_ref::<Collection>() {
            return self.collection(collection);
        }
        match value.kind() {
            ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                return self.list('[', ']', items.iter(), Self::value);
            }
            ValueKind::Map => {
                let keys: Vec<Value> = value.try_iter()?.collect();
                return self.list('{', '}', keys.iter(), |writer, key| {
                    writer.key(&key.to_string());
                    writer.value(&value.get_item(key)?)
                });
            }
            _ => {}
        }
        let json = serde_json::to_string(value).map_err(|_| {
            // The reason could show the value.
            Error::new(ErrorKind::BadSerialization, "the value cannot be written as JSON")
        })?;
        self.text.push_str(&json);
        Ok(())
    }

    fn collection(&mut self, collection: &Collection) -> Result<(), Error> {
        let (open, close) = if collection.is_map() { ('{', '}') } else { ('[', ']') };
        self.list(open, close, collection.children(), |writer, (key, child)| {
            if let Some(key) = key {
                writer.key(key);
            }
            let (value, place) = collection.take(child);
            let start = writer.text.len();
            writer.value(&value)?;
            if value.downcast_object_ref::<Collection>().is_none() {
                writer.parts.push((start..writer.text.len(), place));
            }
            Ok(())
        })
    }

    fn list<T>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.text.push(open);
        self.depth += 1;
        let mut empty = true;
        for item in items {
            if !empty {
                self.text.push_str(if self.indent.is_some() { "," } else { ", " });
            }
            empty = false;
            self.line();
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.text.push(close);
        Ok(())
    }

    fn key(&mut self, key: &str) {
        self.text.push_str(&serde_json::Value::from(key).to_string());
        self.text.push_str(": ");
    }

    fn line(&mut self) {
        if let Some(width) = self.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', width * self.depth));
        }
    }
}
