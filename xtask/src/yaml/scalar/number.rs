//! Numbers in the notations of go-yaml, and the two ways in which Go writes them.

use super::Dialect;

/// A number as Go holds it after decoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::yaml) enum Number {
    /// Fits into 64 bits with a sign.
    Int(i64),
    /// Fits only into 64 bits without one.
    Uint(u64),
    /// Everything else, infinities and not-a-number included.
    Float(f64),
}

impl Number {
    /// As `encoding/json` writes it, `None` if it is not finite.
    pub(in crate::yaml) fn to_json(self) -> Option<String> {
        match self {
            Self::Int(n) => Some(n.to_string()),
            Self::Uint(n) => Some(n.to_string()),
            Self::Float(n) => json_float(n),
        }
    }

    /// As go-yaml v2 writes what it reads from [`Number::to_json`], `None` if it is not finite.
    pub(in crate::yaml) fn to_yaml(self) -> Option<String> {
        let json = self.to_json()?;
        let Self::Float(n) = self else { return Some(json) };
        // A float without a fraction is an integer again once it went through JSON; this also turns
        // `-0` into `0`.
        if let Ok(whole) = json.parse::<i64>() {
            return Some(whole.to_string());
        }
        if json.parse::<u64>().is_ok() {
            return Some(json);
        }
        Some(general_float(n))
    }

    /// The number after a second decoding into an untyped Go value, where all are floats.
    #[expect(clippy::cast_precision_loss, reason = "Go loses the same digits here")]
    pub(in crate::yaml) fn widened(self) -> Self {
        match self {
            Self::Int(n) => Self::Float(n as f64),
            Self::Uint(n) => Self::Float(n as f64),
            Self::Float(n) => Self::Float(n),
        }
    }
}

/// Without an exponent from 1e-6 up to 1e21, else with one of at least one digit.
fn json_float(n: f64) -> Option<String> {
    if !n.is_finite() {
        return None;
    }
    let size = n.abs();
    let decimal = Decimal::shortest(n);
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return Some(decimal.positional());
    }
    Some(format!("{}e{:+}", decimal.mantissa(), decimal.exponent))
}

/// Go's `'g'` with the shortest digits: an exponent of at least two digits below 1e-4 and from 1e6
/// on.
fn general_float(n: f64) -> String {
    let decimal = Decimal::shortest(n);
    if (-4..6).contains(&decimal.exponent) {
        return decimal.positional();
    }
    format!("{}e{:+03}", decimal.mantissa(), decimal.exponent)
}

/// A float in decimal digits.
struct Decimal {
    sign: &'static str,
    /// At least one.
    digits: String,
    /// The power of ten of the first digit.
    exponent: i32,
}

impl Decimal {
    /// The fewest digits that read back as `n`; of two such numbers the closer one, and of two that
    /// are equally close the even one.
    fn shortest(n: f64) -> Self {
        let short = format!("{:e}", n.abs());
        let (mantissa, _) = short.split_once('e').unwrap_or((&short, ""));
        // Rust rounds a tie up here, but to even when it is given the number of digits.
        let precision = mantissa.len().saturating_sub(2);
        let exact = format!("{:.precision$e}", n.abs());
        let text = if exact.parse() == Ok(n.abs()) { exact } else { short };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        Self {
            sign: if n.is_sign_negative() { "-" } else { "" },
            digits: mantissa.replace('.', ""),
            exponent: exponent.parse().expect("the exponent of a float is a small integer"),
        }
    }

    /// One digit, and the others behind a point.
    fn mantissa(&self) -> String {
        let (first, rest) = self.digits.split_at_checked(1).unwrap_or((&self.digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}", self.sign)
    }

    /// Without an exponent.
    fn positional(&self) -> String {
        let Self { sign, digits, exponent } = self;
        let Ok(exponent) = usize::try_from(*exponent) else {
            let zeros = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
            return format!("{sign}0.{:0>width$}", digits, width = digits.len() + zeros - 1);
        };
        let whole = exponent + 1;
        match digits.split_at_checked(whole) {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits:0<whole$}"),
        }
    }
}

/// Whether the text is a decimal integer exactly as Go prints it.
pub(super) fn is_plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // 18 digits always fit into 64 bits.
    text == "0"
        || (digits.len() <= 18
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.is_empty()
            && !digits.starts_with('0'))
}

/// A number that begins with a digit or a sign.
pub(super) fn signed(text: &str, dialect: Dialect) -> Option<Number> {
    integer(text, dialect).or_else(|| decimal(text)).or_else(|| {
        Some(Number::Float(match text {
            "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
            "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
            _ => return None,
        }))
    })
}

/// A number that begins with a point.
pub(super) fn dotted(text: &str) -> Option<Number> {
    match text {
        ".inf" | ".Inf" | ".INF" => return Some(Number::Float(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Number::Float(f64::NAN)),
        _ => {}
    }
    // Go strips separators from other numbers, but reads these as its own literals, in which a
    // separator stands between two digits.
    let separated = text
        .split('_')
        .zip(text.split('_').skip(1))
        .all(|(left, right)| ends_in_digit(left) && starts_with_digit(right));
    if separated { decimal(text) } else { None }
}

fn ends_in_digit(text: &str) -> bool {
    text.bytes().next_back().is_some_and(|byte| byte.is_ascii_digit())
}

fn starts_with_digit(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

/// The bytes without the separators, which may stand anywhere.
fn without_separators(text: &str) -> impl Iterator<Item = u8> + Clone {
    text.bytes().filter(|&byte| byte != b'_')
}

/// An integer in base 2, 8, 10 or 16 that fits into 64 bits.
fn integer(text: &str, dialect: Dialect) -> Option<Number> {
    let mut rest = without_separators(text).peekable();
    let mut sign = rest.next_if(|byte| matches!(byte, b'+' | b'-'));
    let mut ahead = rest.clone();
    let (base, prefix) = match (ahead.next()?, ahead.next(), ahead.next()) {
        (b'0', Some(b'x' | b'X'), Some(_)) => (16, 2),
        (b'0', Some(b'o' | b'O'), Some(_)) => (8, 2),
        (b'0', Some(b'b' | b'B'), Some(_)) => (2, 2),
        (b'0', ..) => (8, 1),
        _ => (10, 0),
    };
    let mut last = None;
    for _ in 0..prefix {
        last = rest.next();
    }
    // Go tries `0b` and, for resources, `0o` a second time and then takes a sign behind the prefix.
    let second_try = last == Some(b'b') || (last == Some(b'o') && dialect == Dialect::Resource);
    if second_try && sign.is_none() {
        sign = rest.next_if(|byte| matches!(byte, b'+' | b'-'));
    }
    if prefix == 2 {
        rest.peek()?;
    }
    let size = rest.try_fold(0_u64, |sum, byte| {
        let digit = char::from(byte).to_digit(base)?;
        sum.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    })?;
    match sign {
        None => Some(i64::try_from(size).map_or(Number::Uint(size), Number::Int)),
        Some(b'+') => i64::try_from(size).ok().map(Number::Int),
        Some(_) => 0_i64.checked_sub_unsigned(size).map(Number::Int),
    }
}

/// A float, or an integer that is too large or has digits that its base has not: `08`.
fn decimal(text: &str) -> Option<Number> {
    if !is_decimal(without_separators(text)) {
        return None;
    }
    let number: f64 =
        if text.contains('_') { text.replace('_', "").parse().ok()? } else { text.parse().ok()? };
    // Go reports a range error and the scalar stays a string.
    number.is_finite().then_some(Number::Float(number))
}

/// `[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?`
fn is_decimal(bytes: impl Iterator<Item = u8>) -> bool {
    let mut rest = bytes.peekable();
    let digits = |rest: &mut std::iter::Peekable<_>| {
        let mut count = 0_usize;
        while rest.next_if(u8::is_ascii_digit).is_some() {
            count += 1;
        }
        count
    };
    rest.next_if(|byte| matches!(byte, b'+' | b'-'));
    let whole = digits(&mut rest);
    let fraction = if rest.next_if_eq(&b'.').is_some() { digits(&mut rest) } else { 0 };
    if whole + fraction == 0 {
        return false;
    }
    if rest.next_if(|byte| matches!(byte, b'e' | b'E')).is_some() {
        rest.next_if(|byte| matches!(byte, b'+' | b'-'));
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    rest.next().is_none()
}

/// YAML 1.1's base 60, which go-yaml reads as a string but quotes: `1:30`, `-1:20:30.5`.
pub(super) fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let head = parts.next().unwrap_or("");
    if !starts_with_digit(head) || !is_digits_and_separators(head) {
        return false;
    }
    let mut rest = parts.peekable();
    if rest.peek().is_none() {
        return false;
    }
    while let Some(part) = rest.next() {
        let sixtieth = match (rest.peek(), part.split_once('.')) {
            (None, Some((sixtieth, fraction))) if is_digits_and_separators(fraction) => sixtieth,
            _ => part,
        };
        let fits = match sixtieth.as_bytes() {
            [unit] => unit.is_ascii_digit(),
            [ten, unit] => (b'0'..=b'5').contains(ten) && unit.is_ascii_digit(),
            _ => false,
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_digits_and_separators(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}
