//! Syntaxes with names: `format.dns1123Label()` and the like.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/format.go`.

use super::{
    super::{
        error::{Budget, Error},
        functions::Evaluated,
        value::{Library, Value},
    },
    conversion::base64,
    time::Timestamp,
    url::Url,
};
use crate::formats::Format;

macro_rules! formats {
    ($($variant:ident $name:literal $function:ident;)*) => {
        /// A syntax with a name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum NamedFormat {
            $(#[doc = $name] $variant,)*
        }

        impl NamedFormat {
            fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        $(pub(in super::super) fn $function<'a>(_: &mut Budget, _: &[Value<'a>]) -> Evaluated<'a> {
            Ok(Value::Library(Library::Format(NamedFormat::$variant)))
        })*
    };
}

formats! {
    Dns1123Label "dns1123Label" dns1123_label;
    Dns1123Subdomain "dns1123Subdomain" dns1123_subdomain;
    Dns1035Label "dns1035Label" dns1035_label;
    QualifiedName "qualifiedName" qualified_name;
    Dns1123LabelPrefix "dns1123LabelPrefix" dns1123_label_prefix;
    Dns1123SubdomainPrefix "dns1123SubdomainPrefix" dns1123_subdomain_prefix;
    Dns1035LabelPrefix "dns1035LabelPrefix" dns1035_label_prefix;
    LabelValue "labelValue" label_value;
    Uri "uri" uri;
    Uuid "uuid" uuid;
    Byte "byte" byte;
    Date "date" date;
    DateTime "datetime" datetime;
}

impl NamedFormat {
    /// What is wrong with a text.
    fn fault(self, text: &str) -> Option<String> {
        let of = |format: Format, text: &str| match format.check(text) {
            // A field that is not set is another matter: here the text is what there is.
            Ok(()) if text.is_empty() && format != Format::LabelValue => {
                Some(format!("must be {}", format.expected()))
            }
            Ok(()) => None,
            Err(must) => Some(format!("must be {must}")),
        };
        let unless = |is: bool, fault: &str| (!is).then(|| fault.to_owned());
        match self {
            Self::Dns1123Label => of(Format::Dns1123Label, text),
            Self::Dns1123Subdomain => of(Format::Dns1123Subdomain, text),
            Self::Dns1035Label => of(Format::Dns1035Label, text),
            Self::QualifiedName => of(Format::QualifiedName, text),
            Self::Dns1123LabelPrefix => of(Format::Dns1123Label, &prefix(text)),
            Self::Dns1123SubdomainPrefix => of(Format::Dns1123Subdomain, &prefix(text)),
            Self::Dns1035LabelPrefix => of(Format::Dns1035Label, &prefix(text)),
            Self::LabelValue => of(Format::LabelValue, text),
            Self::Uri => unless(Url::parse(text).is_some(), "must be a URI"),
            Self::Uuid => unless(is_uuid(text), "does not match the UUID format"),
            Self::Byte => unless(!text.is_empty() && base64(text).is_some(), "invalid base64"),
            Self::Date => unless(Timestamp::of_date(text).is_some(), "invalid date"),
            Self::DateTime => {
                let is_time = Timestamp::of_date(text).is_none();
                unless(is_time && Timestamp::lenient(text).is_some(), "invalid datetime")
            }
        }
    }
}

/// A name that goes on: a dash at its end is none.
fn prefix(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut before = rest.to_owned();
            before.pop();
            before + "a"
        }
        _ => text.to_owned(),
    }
}

fn is_uuid(text: &str) -> bool {
    let digits: Vec<_> = text.split('-').collect();
    let is_hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<_> = digits.iter().map(|part| part.len()).collect();
    digits.iter().all(|part| is_hexadecimal(part))
        && (lengths == [8, 4, 4, 4, 12] || lengths == [32])
}

pub(in super::super) fn named<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(name)] = arguments else { return Err(Error::no_overload()) };
    let format = NamedFormat::of(name.as_str()).map(Library::Format);
    Ok(Value::optional(format.map(Value::Library)))
}

pub(in super::super) fn validate<'a>(
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let [Value::Library(Library::Format(format)), Value::String(text)] = arguments else {
        return Err(Error::no_overload());
    };
    budget.charge_bytes(text.as_str().len())?;
    let fault = format.fault(text.as_str());
    Ok(Value::optional(fault.map(|fault| Value::list(vec![Value::string(fault)]))))
}
