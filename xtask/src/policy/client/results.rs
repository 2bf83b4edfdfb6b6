//! What the code of a template has said, by what it was asked.
//!
//! Clusters that run the same parts, a blue and a green one for example, ask the same of the same code.
//!
//! Invariant: only what depends on nothing else is kept: no time, no randomness, no other object.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use super::Verdict;
use crate::{
    policy::review::Review,
    yaml::{Node, to_json},
};

/// What tells one content from every other one.
pub(super) type Fingerprint = [u8; 32];

/// Of a constraint and of a review.
type Key = (Fingerprint, Fingerprint);

/// The verdicts of one code; none where there is nothing to tell.
#[derive(Debug, Default)]
pub(super) struct Results(Mutex<BTreeMap<Key, Option<Box<Verdict>>>>);

impl Results {
    /// What was said, if it was asked.
    pub fn get(&self, key: &Key) -> Option<Verdict> {
        self.all().get(key).map(|kept| kept.as_deref().cloned().unwrap_or_default())
    }

    /// Keeps what is said.
    pub fn keep(&self, key: Key, verdict: &Verdict) {
        let kept = (!verdict.is_silent()).then(|| Box::new(verdict.clone()));
        self.all().insert(key, kept);
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Option<Box<Verdict>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a node; `None` if it is no JSON.
pub(super) fn of_node(node: &Node) -> Option<Fingerprint> {
    of_nodes(&[Some(node)])
}

/// Of what code sees of a review.
pub(super) fn of_review(review: &Review<'_>) -> Option<Fingerprint> {
    of_nodes(&[review.object, review.old_object, review.request, review.namespace])
}

fn of_nodes(nodes: &[Option<&Node>]) -> Option<Fingerprint> {
    let mut text = String::new();
    for node in nodes {
        if let Some(node) = node {
            to_json(node, &mut text).ok()?;
        }
        text.push('\n');
    }
    Some(Sha256::digest(text).into())
}
