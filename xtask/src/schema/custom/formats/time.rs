//! Dates, times and durations.

pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(5..7), digits(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    bytes.len() == 10
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && (1..=last).contains(&day)
}

pub(super) fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    is_date(date) && is_time(time)
}

/// `hh:mm:ss[.fraction](z|+hh:mm|-hh:mm)`.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let two = |at: usize, most: &str| {
        let part = clock.get(at..at + 2).unwrap_or_default();
        part.bytes().all(|b| b.is_ascii_digit()) && part.len() == 2 && part <= most
    };
    let colons = clock.get(2..3) == Some(":") && clock.get(5..6) == Some(":");
    if !(colons && two(0, "23") && two(3, "59") && two(6, "59")) {
        return false;
    }
    // Any character may stand before the fraction.
    let mut rest = rest;
    let mut chars = rest.chars();
    if chars.next().is_some() && chars.as_str().starts_with(|c: char| c.is_ascii_digit()) {
        let after = chars.as_str().trim_start_matches(|c: char| c.is_ascii_digit());
        if after == "z" || after.starts_with(['+', '-']) {
            rest = after;
        }
    }
    rest == "z" || is_offset(rest)
}

fn is_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 6
        && matches!(bytes.first(), Some(b'+' | b'-'))
        && bytes
            .iter()
            .enumerate()
            .skip(1)
            .all(|(at, b)| if at == 3 { *b == b':' } else { b.is_ascii_digit() })
}

/// Durations as Go writes them, and texts with a number and a unit in words.
pub(super) fn is_duration(text: &str) -> bool {
    is_go_duration(text) || has_duration_words(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let has_digit = number.bytes().any(|b| b.is_ascii_digit());
        if !has_digit || number.bytes().filter(|b| *b == b'.').count() > 1 {
            return false;
        }
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .into_iter()
            .filter(|unit| after.starts_with(unit))
            .max_by_key(|unit| unit.len());
        let Some(unit) = unit else { return false };
        rest = after.get(unit.len()..).unwrap_or_default();
    }
    true
}

/// Whether a number with a unit is anywhere in the text.
fn has_duration_words(text: &str) -> bool {
    const EXACT: &[&str] = &["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
    const PREFIX: &[&str] = &["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = rest.get(at..).unwrap_or_default();
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let spaced = after.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == 'µ';
        let end = spaced.find(|c: char| !is_letter(c)).unwrap_or(spaced.len());
        let (unit, beyond) = spaced.split_at(end);
        rest = if unit.is_empty() { after } else { beyond };
        if unit.is_empty() {
            continue;
        }
        if number.parse::<i64>().is_err() {
            return false;
        }
        let unit = unit.to_lowercase();
        found |= EXACT.contains(&unit.as_str()) || PREFIX.iter().any(|word| unit.starts_with(word));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn dates_and_times() {
        check(
            "date",
            &["2024-02-29"],
            &["2023-02-29", "2024-2-9", "2024-13-01", "", "2024-01-01T"],
        );
        check(
            "date-time",
            &["2024-01-01T00:00:00Z", "2024-01-01t23:59:59.123+02:00", "2024-01-01T00:00:00,5z"],
            &[
                "2024-01-01",
                "2024-01-01T24:00:00Z",
                "2024-01-01T00:00:00",
                "2024-01-01 00:00:00Z",
                "",
            ],
        );
        check(
            "duration",
            &["1h30m", "-1.5h", "0", "22 ns", "3 days", "2 weeks", "90d", "1μs", "1 Hour"],
            &["", "1", "h", "5 parsecs", "99999999999999999999 s"],
        );
    }
}
