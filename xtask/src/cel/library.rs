//! What the functions do, one file for each library of functions.
//!
//! Every function checks the types of its arguments: an expression that is typed `dyn` reaches it
//! with anything.

pub(super) mod conversion;
pub(super) mod lists;
pub(super) mod names;
pub(super) mod network;
pub(super) mod optional;
pub(super) mod quantity;
pub(super) mod semver;
pub(super) mod strings;
pub(super) mod time;
pub(super) mod url;

pub(super) use self::{
    conversion::shown, names::NamedFormat, network::Address, semver::Semver, url::Url,
};
