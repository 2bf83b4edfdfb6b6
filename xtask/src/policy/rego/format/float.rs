//! Floats as Go's `strconv` writes them.

/// A number with a verb, `None` if the verb is for something else.
pub(super) fn printed(number: f64, verb: char, precision: Option<usize>) -> Option<String> {
    let text = match verb {
        'v' | 'w' | 'g' | 'G' => general(number, precision),
        'e' | 'E' => exponential(number, Some(precision.unwrap_or(6))),
        'f' | 'F' => format!("{number:.*}", precision.unwrap_or(6)),
        'x' | 'X' => hexadecimal(number, precision),
        _ => return None,
    };
    Some(if verb.is_ascii_uppercase() && verb != 'F' { text.to_uppercase() } else { text })
}

/// The shortest digits with an exponent where the number is large or small.
pub(in crate::policy::rego) fn shortest(number: f64) -> String {
    general(number, None)
}

/// The digits of a number without trailing zeros, and the power of ten of the first one.
fn digits(number: f64, precision: Option<usize>) -> (String, i32) {
    let size = number.abs();
    let text = match precision {
        Some(precision) => format!("{size:.precision$e}"),
        None => format!("{size:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.replace('.', "");
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    (digits.to_owned(), exponent.parse().unwrap_or(0))
}

fn sign(number: f64) -> &'static str {
    if number.is_sign_negative() { "-" } else { "" }
}

fn general(number: f64, precision: Option<usize>) -> String {
    let least_one = precision.map(|precision| precision.max(1));
    let (digits, exponent) = digits(number, least_one.map(|precision| precision - 1));
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let limit = match least_one {
        // The shortest digits have an exponent where six of them would have one.
        None => 6,
        Some(precision) => {
            let precision = i32::try_from(precision).unwrap_or(i32::MAX);
            if precision > count && count > exponent { count } else { precision }
        }
    };
    if exponent < -4 || exponent >= limit {
        return format!("{}{}", sign(number), with_exponent(&digits, exponent));
    }
    let decimals = usize::try_from(count - 1 - exponent).unwrap_or(0);
    format!("{number:.decimals$}")
}

fn exponential(number: f64, precision: Option<usize>) -> String {
    let text = format!("{:.*e}", precision.unwrap_or(6), number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}{mantissa}e{:+03}", sign(number), exponent.parse::<i32>().unwrap_or(0))
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    format!("{first}{point}{rest}e{exponent:+03}")
}

/// `0x1.8p+00`.
fn hexadecimal(number: f64, precision: Option<usize>) -> String {
    let bits = number.to_bits();
    let mut mantissa = bits & ((1 << 52) - 1);
    let biased = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    if number == 0.0 {
        return format!("{}0x0p+00", sign(number));
    }
    // A number that is too small for a leading one is shifted until it has it.
    let mut exponent = biased - 1023;
    if biased == 0 {
        let shift = mantissa.leading_zeros() - 11;
        mantissa = (mantissa << shift) & ((1 << 52) - 1);
        exponent = -1022 - i32::try_from(shift).unwrap_or(0);
    }
    let mut digits = format!("{mantissa:013x}").trim_end_matches('0').to_owned();
    if let Some(precision) = precision.filter(|precision| *precision < digits.len()) {
        let shift = 52 - 4 * precision;
        let (kept, lost, half) =
            (mantissa >> shift, mantissa & ((1 << shift) - 1), 1 << (shift - 1));
        let odd = if precision == 0 { true } else { kept & 1 == 1 };
        let rounded = kept + u64::from(lost > half || lost == half && odd);
        if rounded >> (4 * precision) > 0 {
            exponent += 1;
        }
        digits = match precision {
            0 => String::new(),
            _ => format!("{:0precision$x}", rounded & ((1 << (4 * precision)) - 1)),
        };
    } else if let Some(precision) = precision {
        digits = format!("{digits:0<precision$}");
    }
    let point = if digits.is_empty() { "" } else { "." };
    format!("{}0x1{point}{digits}p{exponent:+03}", sign(number))
}
