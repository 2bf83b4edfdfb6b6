//! What is read here is compared with what the parser makes of the same text: values, spans and the
//! absence of diagnostics.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::super::{Dialect, Position, parse_with};
use crate::source::Sources;

/// Texts that must not need the parser: what a person would write.
const USUAL: &[&str] = &[
    "a: b\n",
    "# comment\n---\na: b\n",
    "a:\n  b: c\n  d:\n  e: 1 # one\nf: -1\ng:\n",
    "a:\n- b\n- c: d\n  e: f\n-\n- - g\n  - h\n",
    "a:\n  - b\n  -\n    c: d\n  -   e: f\n      g: h\n\ni: j\n",
    "a: \"b # c\"\n'd e': 'f: g'\n\"h\": i # j\n",
    "a: [b, \"c\", {d: 1, e: []}]\nf: {}\ng: []\n",
    "a: |\n  b\n\n    c\n  d\n\n\ne: |-\n  f\n",
    "a:\n  b: |\n\n    c: [\n  # no text\n  d: >-\n    e\n    f\n\n    g\nh: i\n",
    "a: http://b:80/c#d\ne: --f=g\nh: $(I)\n",
    "a: true\nb: ~\nc: 0x1F\nd: 1.5\n",
    "a: é\n# …\nb: “c”\n",
    "a: b\nc:",
    "- a\n- b: c\n",
    "\n\n  # nothing\n",
];

/// Texts that must be left to the parser, since it reports something or reads them in another way.
const UNUSUAL: &[&str] = &[
    "a: &b c\n",
    "a: *b\n",
    "a: !c d\n",
    "<<: {a: b}\n",
    "a: b\na: c\n",
    "a: 0755\n",
    "a:\tb\n",
    "a: b\r\n",
    "a: \u{feff}b\n",
    "a: \u{85}b\n",
    "a: \"b\\n\"\n",
    "a: b\n  c\n",
    "a: 'b\n  c'\n",
    "a: [b,\n  c]\n",
    "a: b: c\n",
    "a: - b\n",
    "? a\n: b\n",
    "1: a\n",
    "a: |2\n   b\n",
    "a: |+\n  b\n",
    "a: >\n   b\n  c\n",
    "a: b\n...\n",
    "%YAML 1.1\n---\na: b\n",
    "a\n",
    " a: b\n",
    "a:\n  - b\n - c\n",
    "a:\n  b: c\n - d\n",
];

/// Reads a text in both ways, and whether the fast one took it.
fn compare(text: &str, dialect: Dialect) -> bool {
    let mut sources = Sources::default();
    let source = sources.add("a.yaml", text);
    let read = |is_fast| {
        let mut diagnostics = Vec::new();
        let documents = parse_with(text, Position::of(source), dialect, &mut diagnostics, is_fast);
        let said: Vec<_> =
            diagnostics.iter().map(|one| (one.code, one.primary, one.message.clone())).collect();
        format!("{documents:?} {said:?}")
    };
    let (fast, slow) = (read(true), read(false));
    assert!(fast == slow, "{dialect:?} {text:?}\n{}", difference(&fast, &slow));
    super::documents(text, &Position::of(source), dialect).is_some()
}

/// Both, from a little before the place where they part.
fn difference(fast: &str, slow: &str) -> String {
    let same = fast.chars().zip(slow.chars()).take_while(|(a, b)| a == b).count();
    let part =
        |text: &str| text.chars().skip(same.saturating_sub(200)).take(400).collect::<String>();
    format!("fast: {}\nslow: {}", part(fast), part(slow))
}

fn compare_both(text: &str) -> bool {
    let resource = compare(text, Dialect::Resource);
    compare(text, Dialect::Config) || resource
}

#[test]
fn usual_texts_need_no_parser() {
    for text in USUAL {
        let is_one = !text.trim_start_matches("# comment\n---").contains("---");
        assert!(compare(text, Dialect::Config), "{text:?}");
        assert_eq!(compare(text, Dialect::Resource), is_one, "{text:?}");
    }
    assert!(compare("a: b\n---\n---\nc: d\n", Dialect::Config));
}

#[test]
fn unusual_texts_are_left_to_the_parser() {
    for text in UNUSUAL {
        assert!(!compare_both(text), "{text:?}");
    }
    assert!(!compare_both(&format!("a: {}b{}\n", "[".repeat(100), "]".repeat(100))));
    assert!(!compare_both(&format!("{}: b\n", "a".repeat(1_100))));
}

#[test]
fn a_yes_is_not_the_same_to_every_reader() {
    for text in ["a: yes\n", "yes: a\n", "a: [no]\n"] {
        assert!(!compare(text, Dialect::Config), "{text:?}");
    }
}

/// Every manifest of the repository, of its tests, and of the conformance suites beside it.
#[test]
fn every_manifest_that_is_there_is_read_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut taken, mut all) = (0, 0);
    for dir in ["xtask/tests", "xtask/src", "base", "overlays", "rendered", "../shared"] {
        for path in manifests(&root.join(dir)) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            all += 1;
            taken += usize::from(compare_both(&text));
        }
    }
    assert!(all > 1_000);
    // Most of them are tests of what is unusual.
    assert!(taken * 2 > all, "{taken} of {all} needed no parser");
}

fn manifests(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let files = WalkDir::new(dir).sort_by_file_name().into_iter().filter_map(Result::ok);
    files.map(walkdir::DirEntry::into_path).filter(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json"))
    })
}

/// Texts that are nearly usual: slips are where two readers disagree.
#[test]
fn slips_are_read_the_same() {
    const PIECES: &[&str] = &[
        " ", "  ", "\n", "\n\n", ":", ": ", "-", "- ", "#", " #", "'", "\"", "|", ">", "|-\n", "[",
        "]", "{", "}", ",", ", ", "&", "*", "!", "?", "%", "@", "`", "~", "=", "<<", ".", "---",
        "\n---\n", "...", "\t", "\\", "a", "y", "0", "08", "1:30", "null", "é", "\u{2028}",
    ];
    let mut random = fastrand::Rng::with_seed(20_260_101);
    for _ in 0..10_000 {
        let mut text: Vec<char> = Vec::new();
        for _ in 0..random.usize(1..=2) {
            text.extend(USUAL[random.usize(..USUAL.len())].chars());
        }
        for _ in 0..random.usize(1..=3) {
            let at = random.usize(..=text.len());
            let end = (at + random.usize(..3)).min(text.len());
            let piece = if random.bool() { PIECES[random.usize(..PIECES.len())] } else { "" };
            text.splice(at..end, piece.chars());
        }
        compare_both(&text.into_iter().collect::<String>());
    }
}
