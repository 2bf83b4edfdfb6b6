//! Changing parts of the name of an image.
//!
//! Source: `pkg/mutation/mutators/assignimage/imageparser.go` of Gatekeeper 3.23.1.

use crate::{
    formats::pattern::cached,
    policy::{Fault, matching::string, object::get},
    source::Span,
    yaml::Node,
};

const DOMAIN: &str = r"^(\w[\w\-_]*\.[\w\-_.]*\w|localhost)(:\d+)?$";
const PATH: &str = r"^[a-z0-9]+((([._/]|__|-*)[a-z0-9]+)+)?$";
const TAG: &str =
    r"^(:\w[\w.-]{0,127}|@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,})$";

/// The parts that are set; an empty one stays as it is.
#[derive(Clone, Debug)]
pub(super) struct Image<'a> {
    domain: &'a str,
    path: &'a str,
    tag: &'a str,
    /// Where they are written.
    pub span: Span,
}

impl<'a> Image<'a> {
    /// Reads the parameters of an `AssignImage`.
    pub fn new(parameters: &'a Node) -> Result<Self, Fault> {
        let part = |key: &str, pattern: &str| {
            let Some(node) = get(parameters, key) else { return Ok("") };
            let text = string(node, format!("spec.parameters.{key}"))?;
            let is_valid = text.is_empty() || cached(pattern).is_ok_and(|one| one.is_match(text));
            if !is_valid {
                let message = format!("`spec.parameters.{key}` must not be `{text}`");
                return Err(Fault::new(node, message).help(format!("it must match `{pattern}`")));
            }
            Ok(text)
        };
        let domain = part("assignDomain", DOMAIN)?;
        let path = part("assignPath", PATH)?;
        let tag = part("assignTag", TAG)?;
        if domain.is_empty() && path.is_empty() && tag.is_empty() {
            let message = "one of `assignDomain`, `assignPath` and `assignTag` must be there";
            return Err(Fault::new(parameters, message));
        }
        // It would be taken for the domain of the result, and be set before it again.
        if domain.is_empty() && !split_domain(path).0.is_empty() {
            let message =
                format!("`spec.parameters.assignPath` must not begin with a domain: `{path}`");
            return Err(Fault::new(parameters, message));
        }
        Ok(Self { domain, path, tag, span: parameters.span })
    }

    /// The name of an image with the parts that are set.
    pub fn changed(&self, image: &str) -> String {
        let (domain, rest) = split_domain(image);
        let (path, tag) = rest.split_at(rest.find([':', '@']).unwrap_or(rest.len()));
        let or =
            |set: &str, old: &str| if set.is_empty() { old.to_owned() } else { set.to_owned() };
        let domain = or(self.domain, domain);
        let slash = if domain.is_empty() { "" } else { "/" };
        [&domain, slash, &or(self.path, path), &or(self.tag, tag)].concat()
    }
}

/// The domain before the first slash, if it is one, and the rest.
fn split_domain(image: &str) -> (&str, &str) {
    match image.split_once('/') {
        Some((domain, rest)) if domain.contains(['.', ':']) || domain == "localhost" => {
            (domain, rest)
        }
        _ => ("", image),
    }
}
