//! Every format with texts that pass, and texts that do not with what is said of them.

use proptest::prelude::*;

mod cases;

use super::Format::{self, *};
use cases::CASES;

#[test]
fn texts_of_every_format_pass_and_others_are_told_what_is_wrong() {
    for &(format, passing, refused) in CASES {
        for text in passing {
            assert_eq!(format.check(text), Ok(()), "{}: {text:?}", format.name());
        }
        for (text, wrong) in refused {
            let message = format.check(text).expect_err(text);
            assert!(message.contains(wrong), "{}: {text:?}: {message}", format.name());
        }
    }
}

#[test]
fn a_text_that_passes_costs_no_allocation() {
    let refused = allocation_counter::measure(|| assert!(Dns1123Label.check("_").is_err()));
    assert!(refused.count_total > 0, "allocations are counted");
    for &(format, passing, _) in CASES {
        for text in passing {
            let cost = allocation_counter::measure(|| assert!(format.check(text).is_ok()));
            assert_eq!(cost.count_total, 0, "{}: {text:?}", format.name());
        }
    }
}

#[test]
fn the_cases_are_about_every_format_once() {
    let tested: Vec<Format> = CASES.iter().map(|&(format, ..)| format).collect();
    assert_eq!(tested, Format::ALL);
}

#[test]
fn the_formats_are_those_that_the_schemas_can_name() {
    let source = include_str!("../../schema-generator/src/formats.rs");
    let table = source.split_once("pub const FORMATS").and_then(|(_, rest)| rest.split_once("];"));
    let (table, _) = table.expect("the generator has its table");
    let names: Vec<&str> =
        table.split("format(").skip(1).filter_map(|row| row.split('"').nth(1)).collect();
    assert_eq!(names, Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>());
    for name in names {
        assert_eq!(Format::named(name).map(Format::name), Some(name));
    }
    assert_eq!(Format::named("date"), None);
}

#[test]
fn the_empty_string_passes_every_format() {
    for format in Format::ALL {
        assert_eq!(format.check(""), Ok(()), "{}", format.name());
    }
}

/// A text with a part of so many characters.
type TextOfLength<'a> = &'a dyn Fn(usize) -> String;

#[test]
fn lengths_have_limits() {
    let name = |length: usize| "a".repeat(length);
    // Parts of a domain may be longer than labels.
    let domain = |length: usize| format!("a.{}", name(length - 2));
    let limits: &[(Format, TextOfLength<'_>, usize)] = &[
        (Dns1123Label, &name, 63),
        (Dns1035Label, &name, 63),
        (Kind, &name, 63),
        (LabelValue, &name, 63),
        (QualifiedName, &name, 63),
        (QualifiedName, &|length| format!("b/{}", name(length)), 63),
        (QualifiedName, &|length| format!("{}/b", domain(length)), 253),
        (AnnotationKey, &|length| format!("{}/B", domain(length)), 253),
        (ContainerResourceName, &|length| format!("{}/b", domain(length)), 244),
        (Dns1123Subdomain, &domain, 253),
        (CsiDriverName, &domain, 253),
        (ExternalName, &|length| format!("{}.", domain(length)), 253),
        (DnsSearchDomain, &|length| format!("{}.", domain(length)), 253),
        (WebhookName, &|length| format!("a.{}", domain(length - 2)), 253),
        (WildcardHost, &|length| format!("*.{}", domain(length - 2)), 253),
        (IngressHost, &domain, 253),
        (ConfigMapKey, &name, 253),
        (PortName, &name, 15),
    ];
    for (format, text, limit) in limits {
        assert_eq!(format.check(&text(*limit)), Ok(()), "{}", format.name());
        let message = format.check(&text(limit + 1)).expect_err(format.name());
        let length = format!("has {} characters", limit + 1);
        assert!(message.ends_with(&length), "{}: {message}", format.name());
    }
}

#[test]
fn what_a_secret_holds_is_not_shown() {
    let message = Byte.check("hunter2!").expect_err("`!` is no digit");
    assert_eq!(message, "standard base64 with padding; it has no base64 digit at character 8");
}

/// Texts near to those that pass: the parts of all cases, in any order, and any characters.
fn near_misses() -> impl Strategy<Value = String> {
    let texts: Vec<&str> = CASES
        .iter()
        .flat_map(|(_, passing, refused)| {
            passing.iter().copied().chain(refused.iter().map(|(text, _)| *text))
        })
        .collect();
    let piece = prop_oneof![
        3 => (0..texts.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(move |(text, from, to)| part_of(texts[text], from, to)),
        1 => ".{0,3}",
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn part_of(text: &str, from: prop::sample::Index, to: prop::sample::Index) -> String {
    let count = text.chars().count();
    let (from, to) = (from.index(count + 1), to.index(count + 1));
    text.chars().skip(from.min(to)).take(from.abs_diff(to)).collect()
}

proptest! {
    #[test]
    fn any_text_is_checked_without_a_panic(text in prop_oneof!["(?s).*", near_misses()]) {
        for format in Format::ALL {
            if let Err(message) = format.check(&text) {
                prop_assert!(message.starts_with(format.expected()));
                prop_assert!(!message.contains(char::is_control));
            }
        }
    }
}
