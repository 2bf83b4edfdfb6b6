//! The order of keys.

use std::{cmp::Ordering, sync::LazyLock};

use regex::Regex;

use crate::yaml::{Entry, Mapping};

/// Lists are sorted by insertion up to this length, and by merging above it.
const SHORT: usize = 16;

/// The entries sorted by `compare`, or the second one of two with the same key.
///
/// `compare` need not be consistent, and [`natural`] is not, so the sorts of the standard library
/// are not fit for it: they may panic. The result depends on the keys alone, not on their order in
/// the text.
pub(in crate::yaml) fn entries_by(
    mapping: &Mapping,
    compare: fn(&str, &str) -> Ordering,
) -> Result<Vec<&Entry>, &Entry> {
    let mut entries: Vec<&Entry> = mapping.iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some((_, second)) =
        entries.iter().zip(entries.iter().skip(1)).find(|(first, second)| first.key == second.key)
    {
        return Err(second);
    }
    Ok(merge_sort(entries, compare))
}

fn merge_sort(mut entries: Vec<&Entry>, compare: fn(&str, &str) -> Ordering) -> Vec<&Entry> {
    let mut sorted: Vec<&Entry> = Vec::with_capacity(entries.len());
    if entries.len() <= SHORT {
        for entry in entries {
            let at = sorted.iter().rposition(|before| compare(&before.key, &entry.key).is_le());
            sorted.insert(at.map_or(0, |before| before + 1), entry);
        }
        return sorted;
    }
    let right = entries.split_off(entries.len() / 2);
    let mut left = merge_sort(entries, compare).into_iter().peekable();
    let mut right = merge_sort(right, compare).into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(&a.key, &b.key).is_le() { left.next() } else { right.next() };
        sorted.extend(next);
    }
    sorted.extend(left);
    sorted.extend(right);
    sorted
}

/// go-yaml v2's order for people: punctuation before letters, numbers by their value, so `a2` is
/// before `a10`.
///
/// Not a strict order: `v1beta1 < v2`, `v2 < v10` and yet `v10 < v1beta1`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let common = common_prefix(a, b);
    let (prefix, a_rest) = a.split_at_checked(common).unwrap_or((a, ""));
    let b_rest = b.get(common..).unwrap_or("");
    let (Some(a_char), Some(b_char)) = (a_rest.chars().next(), b_rest.chars().next()) else {
        return a_rest.len().cmp(&b_rest.len());
    };
    match (is_letter(a_char), is_letter(b_char)) {
        (true, true) => return a_char.cmp(&b_char),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero counts as part of the number before it, unless that is all zeros.
    let continues = (a_char == '0' || b_char == '0')
        && prefix.chars().rev().take_while(|&c| is_digit(c)).any(|c| c != '0');
    let (a_number, a_digits) = leading_number(a_rest, continues);
    let (b_number, b_digits) = leading_number(b_rest, continues);
    a_number.cmp(&b_number).then(a_digits.cmp(&b_digits)).then(a_char.cmp(&b_char))
}

/// The length in bytes of the characters that both begin with.
fn common_prefix(a: &str, b: &str) -> usize {
    let mut length = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(length) {
        length -= 1;
    }
    length
}

/// The value of the digits at the beginning, which overflows as Go's does, and their number.
fn leading_number(text: &str, continues: bool) -> (i64, usize) {
    text.chars().take_while(|&c| is_digit(c)).fold((i64::from(continues), 0), |(sum, count), c| {
        let digit = i64::from(u32::from(c)) - i64::from(b'0');
        (sum.wrapping_mul(10).wrapping_add(digit), count + 1)
    })
}

// The methods of `char` follow derived properties that hold more characters than the categories
// that Go asks for.
fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\p{L}").expect("the pattern is valid"));
    if c.is_ascii() { c.is_ascii_alphabetic() } else { matches(&LETTER, c) }
}

fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\p{Nd}").expect("the pattern is valid"));
    if c.is_ascii() { c.is_ascii_digit() } else { matches(&DIGIT, c) }
}

fn matches(category: &Regex, c: char) -> bool {
    category.is_match(c.encode_utf8(&mut [0; 4]))
}
