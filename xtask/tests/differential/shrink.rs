//! Makes a case smaller as long as it shows the same.

use serde_yaml::Value;

use crate::tree::{File, Tree};

/// How often a smaller case may be tried: each costs a run of the other program.
const TRIES: usize = 600;

/// Takes out files, documents, entries and elements, in this order and from the outside in, while
/// `shows` still holds.
pub fn shrink(mut tree: Tree, mut shows: impl FnMut(&Tree) -> bool) -> Tree {
    let mut tries = 0;
    loop {
        let mut smaller = false;
        let mut at = 0;
        while let Some(candidate) = without(&tree, at) {
            tries += 1;
            if tries > TRIES {
                return tree;
            }
            if candidate != tree && shows(&candidate) {
                tree = candidate;
                smaller = true;
            } else {
                at += 1;
            }
        }
        if !smaller {
            return tree;
        }
    }
}

/// The tree without its part number `at`; `None` if it has fewer.
fn without(tree: &Tree, at: usize) -> Option<Tree> {
    let mut left = at;
    let mut tree = tree.clone();
    if let Some(path) = tree.files.keys().nth(left).cloned() {
        tree.files.remove(&path);
        return Some(tree);
    }
    left -= tree.files.len();
    for file in tree.files.values_mut() {
        let File::Documents(documents) = file else { continue };
        if left < documents.len() {
            documents.remove(left);
            return Some(tree);
        }
        left -= documents.len();
    }
    // Level by level, so that what is large goes first.
    for depth in 0.. {
        let before = left;
        let documents = tree.files.values_mut().filter_map(|file| match file {
            File::Documents(documents) => Some(documents),
            File::Text(_) => None,
        });
        let mut deeper = false;
        for document in documents.flatten() {
            if cut(document, depth, &mut left, &mut deeper) {
                return Some(tree);
            }
        }
        if before == left && !deeper {
            return None;
        }
    }
    None
}

/// Takes out the child number `left` of the collections `depth` levels below.
fn cut(value: &mut Value, depth: usize, left: &mut usize, deeper: &mut bool) -> bool {
    match value {
        Value::Mapping(mapping) if depth == 0 => {
            let Some(key) = mapping.keys().nth(*left).cloned() else {
                *left -= mapping.len();
                *deeper |= !mapping.is_empty();
                return false;
            };
            // Without these it is no object, which would be another case.
            if key == "apiVersion" || key == "kind" {
                return true;
            }
            mapping.shift_remove(&key);
            true
        }
        Value::Sequence(items) if depth == 0 => {
            if *left >= items.len() {
                *left -= items.len();
                *deeper |= !items.is_empty();
                return false;
            }
            items.remove(*left);
            true
        }
        Value::Mapping(mapping) => {
            mapping.values_mut().any(|value| cut(value, depth - 1, left, deeper))
        }
        Value::Sequence(items) => items.iter_mut().any(|value| cut(value, depth - 1, left, deeper)),
        _ => false,
    }
}
