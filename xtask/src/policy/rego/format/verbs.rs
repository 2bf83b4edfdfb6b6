//! One argument with one verb.

use std::fmt::Write as _;

use super::{Argument, float, text};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of a verb")]
pub(super) struct Flags {
    pub sharp: bool,
    pub zero: bool,
    pub plus: bool,
    pub minus: bool,
    pub space: bool,
    pub width: Option<usize>,
    pub precision: Option<usize>,
}

impl Flags {
    pub fn print(mut self, argument: &Argument, verb: char, out: &mut String) {
        let go_syntax = matches!(verb, 'v' | 'w') && self.sharp;
        if verb == 'v' || verb == 'w' {
            (self.sharp, self.plus) = (false, false);
        }
        match (argument, verb) {
            (_, 'T') => self.string(argument.type_name(), out),
            (Argument::Text(text), 'v') if go_syntax => self.pad(&text::quoted(text, false), out),
            (Argument::Text(text), 'v' | 's') => self.string(text, out),
            (Argument::Text(text), 'q') => self.quoted(text, out),
            (Argument::Text(text), 'x' | 'X') => self.hexadecimal(text, verb == 'X', out),
            (Argument::Int(number), 'v' | 'd') => self.integer(*number, 10, verb, out),
            (Argument::Int(number), 'b') => self.integer(*number, 2, verb, out),
            (Argument::Int(number), 'o' | 'O') => self.integer(*number, 8, verb, out),
            (Argument::Int(number), 'x' | 'X') => self.integer(*number, 16, verb, out),
            (Argument::Int(number), 'c') => {
                self.pad(text::character(*number).encode_utf8(&mut [0; 4]), out);
            }
            (Argument::Int(number), 'q') => {
                self.pad(&text::quoted_character(text::character(*number), self.plus), out);
            }
            (Argument::Int(number), 'U') => {
                let character = text::character(*number);
                let mut code = format!("U+{:04X}", number.max(&0));
                if self.sharp {
                    let _ = write!(code, " '{character}'");
                }
                self.without_zeros().pad(&code, out);
            }
            (Argument::Big(digits), 'v' | 'd' | 's') => self.signed(digits, out),
            (Argument::Float(number), _) => match float::printed(*number, verb, self.precision) {
                Some(digits) => self.signed(&digits, out),
                None => self.bad(argument, verb, out),
            },
            _ => self.bad(argument, verb, out),
        }
    }

    /// As `%v` prints it, with the same flags.
    pub fn plain(self, argument: &Argument, out: &mut String) {
        self.print(argument, 'v', out);
    }

    /// What stands for a verb that does not fit.
    fn bad(self, argument: &Argument, verb: char, out: &mut String) {
        let name = argument.type_name().trim_start_matches('*');
        let _ = write!(out, "%!{verb}({name}=");
        match argument {
            Argument::Float(number) => match float::printed(*number, 'v', self.precision) {
                Some(digits) => self.signed(&digits, out),
                None => out.push_str("NaN"),
            },
            Argument::Int(number) => self.integer(*number, 10, 'v', out),
            Argument::Big(digits) => self.signed(digits, out),
            Argument::Text(text) => self.string(text, out),
        }
        out.push(')');
    }

    fn without_zeros(self) -> Self {
        Self { zero: false, ..self }
    }

    fn pad(self, text: &str, out: &mut String) {
        let width = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.minus {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', width));
        } else {
            out.extend(std::iter::repeat_n(if self.zero { '0' } else { ' ' }, width));
            out.push_str(text);
        }
    }

    fn truncated(self, text: &str) -> &str {
        let end = self.precision.and_then(|length| text.char_indices().nth(length));
        end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
    }

    fn string(self, text: &str, out: &mut String) {
        self.pad(self.truncated(text), out);
    }

    fn quoted(self, text: &str, out: &mut String) {
        let text = self.truncated(text);
        if self.sharp && text::fits_backquotes(text) {
            self.pad(&format!("`{text}`"), out);
        } else {
            self.pad(&text::quoted(text, self.plus), out);
        }
    }

    fn hexadecimal(self, text: &str, upper: bool, out: &mut String) {
        let length = self.precision.unwrap_or(text.len());
        let prefix = if upper { "0X" } else { "0x" };
        let mut digits = String::new();
        for (at, byte) in text.bytes().take(length).enumerate() {
            if self.space && at > 0 {
                digits.push(' ');
            }
            if self.sharp && (at == 0 || self.space) {
                digits.push_str(prefix);
            }
            let _ = if upper { write!(digits, "{byte:02X}") } else { write!(digits, "{byte:02x}") };
        }
        self.pad(&digits, out);
    }

    fn integer(self, number: i64, base: u32, verb: char, out: &mut String) {
        let size = number.unsigned_abs();
        let shows_sign = number < 0 || self.plus || self.space;
        let least = match self.precision {
            Some(0) if number == 0 => return self.without_zeros().pad("", out),
            Some(precision) => precision,
            None if self.zero && !self.minus => {
                self.width.unwrap_or(0).saturating_sub(usize::from(shows_sign))
            }
            None => 0,
        };
        let digits = match (base, verb) {
            (2, _) => format!("{size:b}"),
            (8, _) => format!("{size:o}"),
            (16, 'X') => format!("{size:X}"),
            (16, _) => format!("{size:x}"),
            _ => size.to_string(),
        };
        let digits = format!("{digits:0>least$}");
        let prefix = match (base, verb) {
            (_, 'O') => "0o",
            (2, _) if self.sharp => "0b",
            (8, _) if self.sharp && !digits.starts_with('0') => "0",
            (16, 'X') if self.sharp => "0X",
            (16, _) if self.sharp => "0x",
            _ => "",
        };
        let sign = match (number < 0, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (.., true) => " ",
            _ => "",
        };
        self.without_zeros().pad(&format!("{sign}{prefix}{digits}"), out);
    }

    /// Digits with a minus in front if they are negative: zeros come behind the sign.
    fn signed(self, digits: &str, out: &mut String) {
        let (sign, size) = match digits.strip_prefix('-') {
            Some(size) => ("-", size),
            None if self.plus => ("+", digits),
            None if self.space => (" ", digits),
            None => ("", digits),
        };
        let width = self.width.unwrap_or(0);
        if self.zero && !self.minus && size.len() + sign.len() < width {
            out.push_str(sign);
            Self { width: Some(width - sign.len()), ..self }.pad(size, out);
        } else {
            self.pad(&format!("{sign}{size}"), out);
        }
    }
}
