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

use super::{Error, Value};

pub(super) use self::{
    conversion::shown, names::NamedFormat, network::Address, semver::Semver, url::Url,
};

/// The one argument, if it is a text.
fn text<'b>(arguments: &'b [Value<'_>]) -> Result<&'b str, Error> {
    match arguments {
        [Value::String(text)] => Ok(text.as_str()),
        _ => Err(Error::no_overload()),
    }
}
