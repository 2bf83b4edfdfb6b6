//! The same input gives the same result, whatever the number of threads and the order in which
//! the file system lists files.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failure is a failed test, and what is skipped is said"
)]

#[path = "conformance/cases.rs"]
mod cases;
#[path = "determinism/generate.rs"]
mod generate;

use std::{fs, path::Path};

use rayon::{ThreadPool, ThreadPoolBuilder};
use tempfile::TempDir;
use xtask::{
    diag::{Format, render},
    kustomize::{Options, build},
    repository::{build_all, documents, overlays},
    source::Sources,
};

/// The sizes of the pools that are compared with a pool of one.
const THREADS: [usize; 2] = [2, 8];

/// What can be seen of a build.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    text: Option<String>,
    said: String,
    /// The histories of all fields, which `explain` shows.
    origins: String,
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

fn seen(target: &Path, options: &Options) -> Seen {
    let mut sources = Sources::default();
    let (built, mut diagnostics) = build(target, options, &mut sources);
    let text = built.as_ref().map(|built| documents(built, &mut diagnostics));
    let origins = built.map(|built| format!("{:?}", built.origins)).unwrap_or_default();
    Seen { text, said: render(&diagnostics, &sources, Format::Pretty, false), origins }
}

/// Every overlay of a repository, in the order in which the commands have them.
fn repository(root: &Path) -> Vec<(String, Seen)> {
    build_all(root, overlays(root).unwrap(), |mut built| {
        let text = built.build.as_ref().map(|one| documents(one, &mut built.diagnostics));
        let origins = built.build.as_ref().map(|one| format!("{:?}", one.origins));
        let said = render(&built.diagnostics, &built.sources, Format::Pretty, false);
        (built.overlay.path, Seen { text, said, origins: origins.unwrap_or_default() })
    })
}

fn write<'a>(root: &Path, files: impl Iterator<Item = &'a (String, String)>) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A directory that lists what is in it by age, where there is one: in memory. Others list by a
/// hash of the names, which is the same whatever the age.
fn listed_by_age() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = memory.is_dir().then(|| tempfile::tempdir_in(memory)).and_then(Result::ok);
    made.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

/// The result with one thread, which that with more must equal.
fn on_all_pools(root: &Path) -> Vec<(String, Seen)> {
    let one = pool(1).install(|| repository(root));
    for threads in THREADS {
        let many = pool(threads).install(|| repository(root));
        assert!(one == many, "{threads} threads make another result than one");
    }
    one
}

#[test]
fn threads_do_not_change_what_is_built_and_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), generate::repository(false).iter());
    let result = on_all_pools(dir.path());
    let paths: Vec<&str> = result.iter().map(|(path, _)| &**path).collect();
    assert_eq!(paths, ["overlays/dev/shop", "overlays/prod/shop", "overlays/prod/store"]);
    for (path, seen) in result {
        let Some(text) = seen.text else { panic!("{path}: {}", seen.said) };
        let objects = text.matches("\nkind: ").count();
        assert!(objects > 200, "{path} has {objects} objects");
        assert!(seen.said.matches("warning[").count() > 3, "{path}: {}", seen.said);
    }
}

#[test]
fn threads_do_not_change_the_order_of_errors() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), generate::repository(true).iter());
    for (path, seen) in on_all_pools(dir.path()) {
        assert!(seen.text.is_none());
        assert!(seen.said.matches("error[").count() > 20, "{path}: {}", seen.said);
    }
}

#[test]
fn threads_change_no_conformance_case() {
    let root = cases::location();
    if !root.is_dir() {
        println!("determinism: no conformance cases, there is no {}", root.display());
        return;
    }
    let cases = cases::directories(&root);
    assert!(!cases.is_empty(), "there are no cases in {}", root.display());
    let one = pool(1);
    let pools = THREADS.map(pool);
    for dir in cases {
        let (_, target, options) = cases::read(&dir).unwrap();
        let expected = one.install(|| seen(&target, &options));
        for pool in &pools {
            let actual = pool.install(|| seen(&target, &options));
            assert_eq!(expected, actual, "{}", dir.display());
        }
    }
}

#[test]
fn the_order_in_which_files_are_listed_does_not_change_the_result() {
    for broken in [false, true] {
        let files = generate::repository(broken);
        let (forward, backward) = (listed_by_age(), listed_by_age());
        write(forward.path(), files.iter());
        write(backward.path(), files.iter().rev());
        assert!(
            repository(forward.path()) == repository(backward.path()),
            "files made in another order make another result"
        );
        for (path, seen) in repository(forward.path()) {
            assert!(seen.said.contains("did you mean") == broken, "{path}: {}", seen.said);
            assert_eq!(seen.text.is_none(), broken, "{path}: {}", seen.said);
            let worst = if broken { "error[" } else { "warning[" };
            assert!(seen.said.contains(worst), "{path}: {}", seen.said);
        }
    }
}
