//! The list of every diagnostic code. A test holds that each has a golden case.

use std::fmt;

/// The stable name of a rule, `area/rule` in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code($code);)+

        /// Every code, with the sentence that explains it.
        pub const ALL: &[(Code, &str)] = &[$(($name, concat!($($doc),+))),+];
    };
}

codes! {
    /// The text is not YAML.
    YAML_SYNTAX = "yaml/syntax";
    /// A text nests too deeply, or expands to too many nodes.
    YAML_TOO_LARGE = "yaml/too-large";
    /// A mapping has a key twice.
    YAML_DUPLICATE_KEY = "yaml/duplicate-key";
    /// A mapping key or value that YAML allows and Kubernetes cannot hold.
    YAML_UNSUPPORTED = "yaml/unsupported";
    /// Two objects of an overlay would be rendered to one file.
    RENDER_SAME_FILE = "render/same-file";
    /// The kind and name of an object make no file name.
    RENDER_FILE_NAME = "render/file-name";
    /// A file of the rendered tree is not what its overlay builds to.
    RENDER_STALE = "render/stale";
}
