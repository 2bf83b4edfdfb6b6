//! Guards how much a build allocates, which is the same on every machine, unlike its time.
//!
//! `allocations.txt` holds the figures of a fixed overlay, one a line. More is a regression, and
//! fewer must be noted, so that the next regression is seen against it: `UPDATE_ALLOCATIONS=1`
//! writes what is measured.

#![expect(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use allocation_counter::{AllocationInfo, measure};
use xtask::{
    commands::bench::generate,
    kustomize::{Options, build},
    repository::documents,
    source::Sources,
};

/// The objects of the overlay: enough that files are read and parsed in parallel.
const OBJECTS: usize = 300;

/// The length of the path of the directory with the overlay.
const PATH_LENGTH: usize = 200;

/// The number of its components.
const PATH_DEPTH: usize = 16;

/// By how many percent a figure may differ. The standard library and the dependencies may change
/// how they grow, and a path grows in other steps where its components are longer.
const TOLERANCE: u64 = 2;

#[test]
fn a_build_allocates_as_much_as_it_did() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = of_fixed_length(&fs::canonicalize(temporary.path()).unwrap());
    generate::overlay(&dir, OBJECTS).unwrap();
    // What is built once for the process is no part of it.
    let _ = allocated(&dir);
    let info = allocated(&dir);
    let measured = [("allocations", info.count_total), ("bytes", info.bytes_total)];

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/allocations.txt");
    if env::var_os("UPDATE_ALLOCATIONS").is_some() {
        fs::write(path, figures(&measured)).unwrap();
        return;
    }
    let text = fs::read_to_string(&path).unwrap();
    let committed = read(&text);
    let names: Vec<&str> = committed.keys().copied().collect();
    assert_eq!(names, ["allocations", "bytes"], "the lines of allocations.txt");
    let mut wrong = String::new();
    for (name, now) in measured {
        if let Some(said) = judge(name, now, committed[name]) {
            let _ = writeln!(wrong, "{said}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A directory below `dir` whose path is as long and as deep on every machine: paths are allocated
/// too.
fn of_fixed_length(dir: &Path) -> PathBuf {
    let mut path = dir.to_owned();
    while path.components().count() + 1 < PATH_DEPTH {
        path.push("d");
    }
    let rest = PATH_LENGTH.checked_sub(path.as_os_str().len() + 1).filter(|rest| *rest > 0);
    path.join("x".repeat(rest.expect("the directory for temporary files has a shorter path")))
}

/// What one build of the overlay below `dir` and its text allocate.
fn allocated(dir: &Path) -> AllocationInfo {
    // The counter counts one thread, and a pool of one does all the work of a build in it. So
    // neither the number of cores nor what other threads do makes a difference.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let overlay = dir.join("overlay");
    let options = Options::new(dir.to_owned());
    pool.install(|| {
        measure(|| {
            let mut sources = Sources::default();
            let (built, mut diagnostics) = build(&overlay, &options, &mut sources);
            let text = documents(&built.unwrap(), &mut diagnostics);
            assert!(diagnostics.is_empty() && text.lines().count() > 40 * OBJECTS / 2);
        })
    })
}

/// The lines of the file, without its comments.
fn read(text: &str) -> BTreeMap<&str, u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, number) = line.split_once(' ').unwrap();
            (name, number.parse().unwrap())
        })
        .collect()
}

fn figures(measured: &[(&str, u64)]) -> String {
    let mut text = format!(
        "# What building {OBJECTS} objects allocates; `UPDATE_ALLOCATIONS=1 cargo test --test \
         allocations` rewrites it.\n"
    );
    for (name, number) in measured {
        let _ = writeln!(text, "{name} {number}");
    }
    text
}

/// What is wrong with a figure.
fn judge(name: &str, now: u64, committed: u64) -> Option<String> {
    let accept = "UPDATE_ALLOCATIONS=1 cargo test --test allocations";
    let slack = committed * TOLERANCE / 100;
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    let percent = (now as f64 / committed as f64 - 1.0) * 100.0;
    if now > committed + slack {
        return Some(format!(
            "{name}: {now}, and allocations.txt allows {committed}: {percent:+.1} %. If it is \
             worth it, accept it: {accept}"
        ));
    }
    (now + slack < committed).then(|| {
        format!(
            "{name}: {now}, and allocations.txt has {committed}: {percent:+.1} %. Lower the \
             figures, so that they guard what was won: {accept}"
        )
    })
}

#[test]
fn a_figure_may_differ_a_little_in_both_directions() {
    for now in [980, 1000, 1020] {
        assert_eq!(judge("bytes", now, 1000), None);
    }
    let more = judge("bytes", 1021, 1000).unwrap();
    assert!(more.contains("1021") && more.contains("1000") && more.contains("accept"), "{more}");
    let fewer = judge("bytes", 979, 1000).unwrap();
    assert!(fewer.contains("979") && fewer.contains("Lower"), "{fewer}");
}
