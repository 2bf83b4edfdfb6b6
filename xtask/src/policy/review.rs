//! What is reviewed: one object, as an admission request presents it.

use crate::yaml::Node;

/// Where an object comes from, which `spec.match.source` selects by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Somebody writes it.
    #[default]
    Original,
    /// An expansion made it of what somebody writes.
    Generated,
}

/// One object under review.
#[derive(Clone, Copy, Debug, Default)]
pub struct Review<'a> {
    /// The object; absent when one is deleted.
    pub object: Option<&'a Node>,
    /// The object as it was before.
    pub old_object: Option<&'a Node>,
    /// The `request` of an `AdmissionReview`, for what a plain object does not say: operation, user.
    pub request: Option<&'a Node>,
    /// The namespace that the object is in, if that is known.
    pub namespace: Option<&'a Node>,
    /// Where the object comes from.
    pub origin: Origin,
}
