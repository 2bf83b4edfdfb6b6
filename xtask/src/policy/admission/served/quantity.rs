//! A quantity as the API server writes it.
//!
//! Source: `CanonicalizeBytes` of `k8s.io/apimachinery/pkg/api/resource/quantity.go`.

use crate::formats::Quantity;

const DECIMAL: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The text of the same value that the server has. None for what is left as it is: one that is no
/// quantity, has an exponent, or is finer than a thousandth.
pub(super) fn canonical(text: &str) -> Option<String> {
    let quantity = Quantity::parse(text).ok()?;
    if text.contains(['e', 'n', 'u']) || text.contains('E') && !text.ends_with(['E', 'i']) {
        return None;
    }
    let thousandths = quantity.thousandths()?;
    let (whole, is_whole) = quantity.whole()?;
    if text.ends_with('i') && whole.abs() >= 1024 {
        return Some(scaled(whole, 1024, &BINARY));
    }
    Some(if is_whole { scaled(whole, 1000, &DECIMAL) } else { format!("{thousandths}m") })
}

/// With the largest unit of which it is a multiple.
fn scaled(mut value: i128, step: i128, units: &[&str]) -> String {
    let mut units = units.iter().copied();
    let mut unit = units.next().unwrap_or_default();
    while value != 0 && value % step == 0 {
        let Some(next) = units.next() else { break };
        (value, unit) = (value / step, next);
    }
    format!("{value}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_has_the_largest_unit_that_fits() {
        let table = [
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1", "1"),
            ("1000", "1k"),
            ("0", "0"),
            ("0.0", "0"),
            ("1024Mi", "1Gi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("512Ki", "512Ki"),
            ("0.5Ki", "512"),
            ("-2000m", "-2"),
            ("2E", "2E"),
        ];
        for (text, expected) in table {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["1e3", "5n", "abc", ""] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
