//! Which tests and cases are run.

use regex::Regex;

use super::Test;
use crate::formats::pattern;

/// Regular expressions for the names of tests and cases.
#[derive(Clone, Debug, Default)]
pub enum Filter {
    /// Everything.
    #[default]
    All,
    /// Tests and cases with such a name.
    Either(Regex),
    /// Cases with such a name in tests with such a name.
    Both(Regex, Regex),
}

impl Filter {
    /// Reads a filter: one expression for both, or `test//case`. The error says what is wrong.
    pub fn new(text: &str) -> Result<Self, String> {
        let compile = |text: &str| {
            pattern::compile(text)
                .map_err(|why| format!("`{text}` is no regular expression: {why}"))
        };
        let parts: Vec<&str> = text.split("//").collect();
        match *parts.as_slice() {
            [""] => Ok(Self::All),
            [name] => Ok(Self::Either(compile(name)?)),
            [test, case] => Ok(Self::Both(compile(test)?, compile(case)?)),
            _ => Err(format!("`{text}` has more than one `//`")),
        }
    }

    /// Whether a test is run, with some of its cases.
    pub fn has_test(&self, test: &Test<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Either(_) => {
                let mut names = test.cases.iter().map(|case| case.name);
                self.has_test_named(test.name) || names.any(|name| self.has_case(test.name, name))
            }
            Self::Both(..) => self.has_test_named(test.name),
        }
    }

    fn has_test_named(&self, test: &str) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) | Self::Both(regex, _) => regex.is_match(test),
        }
    }

    /// Whether a case of a test is run.
    pub fn has_case(&self, test: &str, case: &str) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) => regex.is_match(case) || regex.is_match(test),
            Self::Both(of_test, of_case) => of_test.is_match(test) && of_case.is_match(case),
        }
    }
}
