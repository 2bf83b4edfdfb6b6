//! What lies beside a policy and is no object of a cluster: its suite, the mutations of that, and
//! samples that are requests.

use std::path::Path;

use super::{
    Review,
    suite::{Suite, mutations},
};
use crate::{
    diag::{Diagnostic, codes},
    yaml::Node,
};

/// Whether a document of a file is for the tests of policies only.
pub fn is(document: &Node, file: &str) -> bool {
    Suite::is(document)
        || Review::is_admission(document)
        || mutations::is(document, Path::new(file))
}

/// Checks such a document, which is read in the dialect of resources.
pub fn check(document: &Node, out: &mut Vec<Diagnostic>) {
    let checked = if Suite::is(document) {
        Suite::new(document, out).map(|_| ())
    } else if Review::is_admission(document) {
        Review::of_admission(document).map(|_| ())
    } else {
        mutations::check(document)
    };
    out.extend(checked.err().map(|fault| fault.into_diagnostic(codes::POLICY_SUITE)));
}
