//! Every diagnostic code has a golden case in which it fires.

use std::{collections::BTreeSet, fs, path::Path};

use walkdir::WalkDir;
use xtask::diag::codes;

/// Codes whose cases are still to be written. Only ever shortened.
const WITHOUT_A_CASE: &[&str] = &[];

#[test]
fn every_code_fires_in_a_golden_case() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut expected = String::new();
    for entry in WalkDir::new(cases) {
        let path = entry.unwrap().into_path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("expected.")) {
            expected.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let all: BTreeSet<&str> = codes::ALL.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(all.len(), codes::ALL.len(), "a code is there twice");
    for code in &all {
        let fires = expected.contains(&format!("[{code}]"));
        let listed = WITHOUT_A_CASE.contains(code);
        assert!(fires || listed, "`{code}` fires in no case below tests/cases");
        assert!(!(fires && listed), "`{code}` has a case: remove it from WITHOUT_A_CASE");
    }
    for code in WITHOUT_A_CASE {
        assert!(all.contains(code), "`{code}` is no code: remove it from WITHOUT_A_CASE");
    }
}

#[test]
fn codes_are_an_area_and_a_rule_in_kebab_case() {
    for (code, sentence) in codes::ALL {
        let parts: Vec<&str> = code.as_str().split('/').collect();
        let kebab = |part: &&str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        assert!(parts.len() == 2 && parts.iter().all(kebab), "{code}");
        assert!(sentence.trim().ends_with('.'), "{code}: {sentence}");
    }
}
