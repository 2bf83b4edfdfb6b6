//! What a failure at each step leaves behind.

use std::{cell::Cell, collections::BTreeMap, fs, io, path::Path, time::SystemTime};

use walkdir::WalkDir;

use super::*;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join("rendered").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Every path below `root` with its content; directories end in `/`.
fn snapshot(root: &Path) -> BTreeMap<String, String> {
    WalkDir::new(root)
        .min_depth(1)
        .into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let path = entry.path().strip_prefix(root).unwrap().display().to_string();
            if entry.file_type().is_dir() {
                return (format!("{path}/"), String::new());
            }
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

fn change(path: &str, state: State) -> Change {
    Change { path: path.to_owned(), state, secret: false }
}

fn differs(path: &str) -> Change {
    change(path, State::Differs { before: String::new(), after: "new".into() })
}

fn missing(path: &str) -> Change {
    change(path, State::Missing("new".into()))
}

fn extra(path: &str) -> Change {
    change(path, State::Extra(String::new()))
}

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in ["README.md", "dev/web/a", "dev/web/b", "dev/db/c", "prod/web/d"] {
        write(root.path(), path, "old");
    }
    root
}

/// The files that a tree should have.
type Files = Vec<(&'static str, &'static str)>;

/// The sets of changes that take different ways.
fn cases() -> Vec<(Vec<Change>, Files)> {
    let rest = ("README.md", "old");
    let (a, b, c, d) =
        (("dev/web/a", "old"), ("dev/web/b", "old"), ("dev/db/c", "old"), ("prod/web/d", "old"));
    vec![
        (vec![], vec![rest, c, a, b, d]),
        (vec![differs("dev/web/a")], vec![rest, c, ("dev/web/a", "new"), b, d]),
        (vec![missing("dev/web/n")], vec![rest, c, a, b, ("dev/web/n", "new"), d]),
        (vec![missing("qa/web/n")], vec![rest, c, a, b, d, ("qa/web/n", "new")]),
        (vec![extra("dev/web/a")], vec![rest, c, b, d]),
        (vec![extra("prod/web/d")], vec![rest, c, a, b]),
        (vec![extra("dev/web/a"), missing("dev/web/n")], vec![rest, c, b, ("dev/web/n", "new"), d]),
        (
            vec![differs("dev/web/a"), extra("dev/db/c"), missing("prod/web/n")],
            vec![rest, ("dev/web/a", "new"), b, d, ("prod/web/n", "new")],
        ),
        (
            vec![extra("dev/web/a"), extra("dev/web/b"), extra("dev/db/c"), extra("prod/web/d")],
            vec![rest],
        ),
    ]
}

fn files(root: &Path) -> Vec<(String, String)> {
    let all = snapshot(&root.join("rendered"));
    all.into_iter().filter(|(path, _)| !path.ends_with('/')).collect()
}

#[test]
fn the_changes_are_made_and_nothing_else() {
    for (changes, expected) in cases() {
        let root = repository();
        apply(root.path(), &changes).unwrap();
        let mut expected: Vec<_> =
            expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        expected.sort();
        assert_eq!(files(root.path()), expected, "{changes:?}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "no staging directory is left");
        let empty = |path: &Path| fs::read_dir(path).unwrap().next().is_none();
        for dir in snapshot(&root.path().join("rendered")).keys().filter(|p| p.ends_with('/')) {
            assert!(!empty(&root.path().join("rendered").join(dir)), "{dir} is empty: {changes:?}");
        }
    }
}

#[test]
fn a_failure_at_any_step_leaves_the_tree_as_it_was() {
    for (changes, _) in cases().into_iter().filter(|(changes, _)| !changes.is_empty()) {
        for fail_at in 0.. {
            let root = repository();
            let before = snapshot(root.path());
            let step = Cell::new(0);
            let result = apply_with(root.path(), &changes, &|_, _| {
                step.set(step.get() + 1);
                if step.get() > fail_at { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            });
            if result.is_ok() {
                assert!(fail_at >= 3, "every change takes several steps");
                break;
            }
            assert_eq!(snapshot(root.path()), before, "step {fail_at} of {changes:?}");
        }
    }
}

#[test]
fn a_tree_is_made_where_there_is_none() {
    let root = tempfile::tempdir().unwrap();
    apply(root.path(), &[missing("dev/web/a"), missing("dev/db/b")]).unwrap();
    let new = |path: &str| (path.to_owned(), "new".to_owned());
    assert_eq!(files(root.path()), [new("dev/db/b"), new("dev/web/a")]);
}

#[test]
fn an_unchanged_file_keeps_its_time() {
    let root = repository();
    let path = root.path().join("rendered/dev/web/b");
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    apply(root.path(), &[differs("dev/web/a"), differs("prod/web/d")]).unwrap();
    assert_eq!(path.metadata().unwrap().modified().unwrap(), long_ago);
}

#[test]
fn a_read_only_directory_is_left_alone() {
    for changes in [vec![differs("dev/web/a")], vec![missing("dev/web/x"), differs("prod/web/d")]] {
        let root = repository();
        let before = snapshot(root.path());
        let dir = root.path().join("rendered/dev/web");
        let writable = dir.metadata().unwrap().permissions();
        let mut read_only = writable.clone();
        read_only.set_readonly(true);
        fs::set_permissions(&dir, read_only).unwrap();
        let error = apply(root.path(), &changes).unwrap_err().to_string();
        fs::set_permissions(&dir, writable).unwrap();
        assert!(error.ends_with("dev/web is read-only"), "{error}");
        assert_eq!(snapshot(root.path()), before);
    }
}

#[test]
fn what_a_killed_rendering_left_is_removed() {
    let root = repository();
    fs::create_dir_all(root.path().join(".rendered-x/new")).unwrap();
    apply(root.path(), &[]).unwrap();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_to_the_tree_stays_a_link() {
    let root = repository();
    fs::rename(root.path().join("rendered"), root.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", root.path().join("rendered")).unwrap();
    apply(root.path(), &[differs("dev/web/a"), differs("prod/web/d")]).unwrap();
    assert!(root.path().join("rendered").is_symlink());
    assert_eq!(fs::read_to_string(root.path().join("elsewhere/dev/web/a")).unwrap(), "new");
}

#[test]
fn a_file_takes_the_place_of_a_directory() {
    let root = repository();
    write(root.path(), "dev/web/n/x", "old");
    apply(root.path(), &[missing("dev/web/n"), extra("dev/web/n/x")]).unwrap();
    assert_eq!(fs::read_to_string(root.path().join("rendered/dev/web/n")).unwrap(), "new");
}
