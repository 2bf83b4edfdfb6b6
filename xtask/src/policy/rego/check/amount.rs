//! How much code there may be: the interpreter takes a while for each rule and each term, and for the
//! literals of a body as long as for all pairs of them.
//!
//! Invariant: no policy that a person writes comes near the limits.

use super::super::{Problem, syntax::File};

/// How many rules the texts may have together.
const RULES: usize = 6_000;

/// How many terms.
const TERMS: usize = 80_000;

/// How many pairs of literals within one rule.
const PAIRS: usize = 300_000;

/// What is too much, and where that begins.
pub(in crate::policy::rego) fn too_much(files: &[File]) -> Option<Problem> {
    let (mut rules, mut terms, mut pairs) = (0_usize, 0_usize, 0_usize);
    for (text, file) in files.iter().enumerate() {
        for rule in &file.rules {
            rules += 1;
            rule.walk(&mut |_| terms += 1);
            let mut literals = 0_usize;
            rule.literals(&mut |_| literals += 1);
            pairs = pairs.saturating_add(literals.saturating_mul(literals));
            let message = if rules > RULES {
                format!("the code has more than {RULES} rules")
            } else if terms > TERMS {
                format!("the code has more than {TERMS} terms")
            } else if pairs > PAIRS {
                "the bodies of the rules are too long".to_owned()
            } else {
                continue;
            };
            return Some(Problem { message, text, range: rule.name.range.clone() });
        }
    }
    None
}
