//! What a row of a table says of a field.

use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::table::Minor;

/// A value of an `enum` and the version that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValue {
    pub text: String,
    pub since: Option<Minor>,
}

/// What holds of a field. The word that a table uses stands first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// `enum A B "" C@1.36`: the string is one of these. `""` is listed where the server replaces
    /// it by a default; `C@1.36` came with that version.
    Enum(Vec<EnumValue>),
    /// `format NAME`: the string, or the string of an int-or-string, has this syntax.
    Format(String),
    /// `min N`, `max N`: the number, or the number of an int-or-string.
    Minimum(i64),
    Maximum(i64),
    /// `above N`: the number, or the number of a quantity, is greater than N.
    Above(i64),
    /// `maxLength N`: the string's length in bytes.
    MaxLength(u64),
    /// `maxItems N`: the list's length.
    MaxItems(u64),
    /// `nonempty`: a string, a list or a map that holds something.
    NonEmpty,
    /// `required`: the object is refused without the field.
    Required,
    /// `optional`: the `OpenAPI` document requires the field, the server fills it in or takes its
    /// zero value.
    Optional,
    /// `true`: the boolean is true, or absent.
    True,
    /// `forbidden`: the object is refused with the field, here.
    Forbidden,
    /// `deprecated 1.24 TEXT`: the field should not be written any more since that version (`-` if
    /// none is known); the text says what to use instead.
    Deprecated {
        since: Option<Minor>,
        instead: String,
    },
    /// `default V`: what the server takes for an absent value; only told where it is part of a
    /// list's key.
    Default(String),
    /// `mapKeys a b`: how items are told apart when lists are merged; a server-side apply refuses
    /// duplicates.
    MapKeys(Vec<String>),
    /// `unique a b`: no two items of a list may agree in all of these; an item that lacks one is
    /// not compared.
    Unique(Vec<String>),
    /// `set`: no two items of a list may be equal.
    Set,
    /// `atParent`: the server names the list, map or object around it when the value is refused.
    AtParent,
}

impl FromStr for Assertion {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_ascii_whitespace();
        let keyword = words.next().context("an assertion is empty")?;
        let operands: Vec<&str> = words.collect();
        let single = || match operands.as_slice() {
            [operand] => Ok(*operand),
            _ => bail!("`{keyword}` takes one operand, `{text}` has {}", operands.len()),
        };
        let names = || -> Result<Vec<String>> {
            ensure!(!operands.is_empty(), "`{keyword}` takes at least one operand");
            Ok(operands.iter().map(|&operand| operand.to_owned()).collect())
        };
        let bare = |assertion: Self| {
            ensure!(operands.is_empty(), "`{keyword}` takes no operand");
            Ok(assertion)
        };
        match keyword {
            "enum" => Ok(Self::Enum(
                names()?.iter().map(|value| enum_value(value)).collect::<Result<_>>()?,
            )),
            "format" => Ok(Self::Format(single()?.to_owned())),
            "min" => Ok(Self::Minimum(single()?.parse()?)),
            "max" => Ok(Self::Maximum(single()?.parse()?)),
            "above" => Ok(Self::Above(single()?.parse()?)),
            "maxLength" => Ok(Self::MaxLength(single()?.parse()?)),
            "maxItems" => Ok(Self::MaxItems(single()?.parse()?)),
            "nonempty" => bare(Self::NonEmpty),
            "required" => bare(Self::Required),
            "optional" => bare(Self::Optional),
            "true" => bare(Self::True),
            "forbidden" => bare(Self::Forbidden),
            "deprecated" => deprecated(&operands),
            "default" => Ok(Self::Default(single()?.to_owned())),
            "mapKeys" => Ok(Self::MapKeys(names()?)),
            "unique" => Ok(Self::Unique(names()?)),
            "set" => bare(Self::Set),
            "atParent" => bare(Self::AtParent),
            _ => bail!("unknown assertion `{keyword}`"),
        }
    }
}

fn deprecated(operands: &[&str]) -> Result<Assertion> {
    let Some((since, instead)) = operands.split_first() else {
        bail!("`deprecated` takes a version and a text")
    };
    ensure!(!instead.is_empty(), "`deprecated` says what to use instead");
    let since = if *since == "-" { None } else { Some(since.parse()?) };
    Ok(Assertion::Deprecated { since, instead: instead.join(" ") })
}

fn enum_value(text: &str) -> Result<EnumValue> {
    if text == "\"\"" {
        return Ok(EnumValue { text: String::new(), since: None });
    }
    match text.split_once('@') {
        Some((value, since)) => {
            Ok(EnumValue { text: value.to_owned(), since: Some(since.parse()?) })
        }
        None => Ok(EnumValue { text: text.to_owned(), since: None }),
    }
}

/// The assertions of one row, separated by `;`.
#[derive(Clone, Debug)]
pub struct Assertions(pub Vec<Assertion>);

impl FromStr for Assertions {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        text.split(';').map(str::parse).collect::<Result<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_holds_the_empty_string_and_values_of_later_versions() {
        let assertion: Assertion =
            "enum Always \"\" Never@1.35".parse().expect("the assertion is well-formed");
        let value = |text: &str, since| EnumValue { text: text.to_owned(), since };
        assert_eq!(
            assertion,
            Assertion::Enum(vec![
                value("Always", None),
                value("", None),
                value("Never", Some(Minor(35)))
            ])
        );
    }

    #[test]
    fn an_assertion_with_the_wrong_operands_is_refused() {
        for text in ["enum", "min", "min one", "min 1 2", "required yes", "unique", "oneOf A B", ""]
        {
            assert!(text.parse::<Assertion>().is_err(), "`{text}` must not be an assertion");
        }
    }
}
