//! Puts the schema bundles of all Kubernetes versions into one compressed text, for the binary.
//!
//! A definition that is the same in several versions is kept once. One line each, sorted:
//! `d<TAB>name<TAB>versions<TAB>JSON` for a definition and `k...` for a kind, where `versions` is a
//! number with bit `n` set for the version of line `n` of the head, which lists the versions. The
//! rows of the table of deprecations follow as they are, each after `x<TAB>`.
//!
//! A bundle of custom kinds becomes a compressed text of its own, one kind a line, so that only
//! those are unpacked which objects are of. `custom.rs` lists them with the names of their kinds.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path};

/// Versions by their JSON, by section and name.
type Definitions = BTreeMap<(char, String), BTreeMap<String, u8>>;

const INFALLIBLE: &str = "a string takes everything";

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for (name, pack) in [("kubernetes", kubernetes as fn(&Path, &Path)), ("custom", custom)] {
        let dir = Path::new(&root).join("schemas").join(name);
        println!("cargo::rerun-if-changed={}", dir.display());
        pack(&dir, Path::new(&out));
    }
}

fn kubernetes(dir: &Path, out: &Path) {
    let mut versions: Vec<(u32, String)> = fs::read_dir(dir)
        .expect("the bundles are part of the repository")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_suffix(".json")?;
            Some((version.split_once('.')?.1.parse().ok()?, version.to_owned()))
        })
        .collect();
    versions.sort_unstable();
    assert!(!versions.is_empty() && versions.len() <= 8, "one bit for each version");

    let mut definitions = Definitions::new();
    for (bit, (_, version)) in versions.iter().enumerate() {
        let path = dir.join(format!("{version}.json"));
        let text = fs::read_to_string(&path).expect("a bundle is a text");
        let mut section = None;
        for line in text.lines() {
            match line {
                "\"definitions\":{" => section = Some('d'),
                "\"kinds\":{" => section = Some('k'),
                _ => {
                    let Some(section) = section else { continue };
                    let line = line.strip_suffix(',').unwrap_or(line);
                    // The end of a section, or the version.
                    let Some((name, json)) = line.split_once("\":{") else { continue };
                    let key = (section, name.trim_start_matches('"').to_owned());
                    *definitions.entry(key).or_default().entry(format!("{{{json}")).or_default() |=
                        1 << bit;
                }
            }
        }
    }
    let mut text = String::new();
    for (_, version) in &versions {
        text.push_str(version);
        text.push('\n');
    }
    for ((section, name), variants) in &definitions {
        for (json, mask) in variants {
            writeln!(text, "{section}\t{name}\t{mask}\t{json}").expect(INFALLIBLE);
        }
    }
    let deprecations = fs::read_to_string(dir.join("deprecations.tsv")).expect("a text");
    for row in deprecations.lines().skip(1) {
        writeln!(text, "x\t{row}").expect(INFALLIBLE);
    }
    compress(&text, &out.join("kubernetes.deflate"));
}

fn custom(dir: &Path, out: &Path) {
    let mut files: Vec<String> = fs::read_dir(dir)
        .expect("the bundles are part of the repository")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    files.sort_unstable();
    let mut list = String::from("&[\n");
    for name in &files {
        let text = fs::read_to_string(dir.join(format!("{name}.json"))).expect("a text");
        let (mut kinds, mut lines) = (Vec::new(), String::new());
        let mut fields = BTreeMap::new();
        let mut is_kind = false;
        for line in text.lines() {
            let line = line.strip_suffix(',').unwrap_or(line);
            match line.split_once(':') {
                Some((key, "{")) => is_kind = key == "\"kinds\"",
                Some((key, json)) if is_kind => {
                    kinds.push(key.to_owned());
                    lines.push_str(json);
                    lines.push('\n');
                }
                // A string of JSON is a string of Rust, as far as names and versions go.
                Some((key, json)) => {
                    fields.insert(key.to_owned(), json.to_owned());
                }
                None if line == "}" => is_kind = false,
                None => {}
            }
        }
        assert!(kinds.is_sorted(), "{name}.json: the kinds are not in order");
        let field = |key: &str| fields.get(key).unwrap_or_else(|| panic!("{name}.json: no {key}"));
        writeln!(
            list,
            "Packed {{ name: {name:?}, source: {}, version: {}, kinds: &[{}], \
             compressed: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/custom-{name}.deflate\")) }},",
            field("\"source\""),
            field("\"version\""),
            kinds.join(", "),
        )
        .expect(INFALLIBLE);
        compress(&lines, &out.join(format!("custom-{name}.deflate")));
    }
    list.push(']');
    fs::write(out.join("custom.rs"), list).expect("OUT_DIR is writable");
}

/// The length of the text, in four bytes with the lowest first, and the text, compressed.
fn compress(text: &str, file: &Path) {
    let length = u32::try_from(text.len()).expect("a text of some megabytes");
    let mut packed = length.to_le_bytes().to_vec();
    packed.append(&mut miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 9));
    fs::write(file, packed).expect("OUT_DIR is writable");
}
