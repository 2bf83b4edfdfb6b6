//! A case: files of YAML documents.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde_yaml::Value;

/// The directory that is built.
pub const ROOT: &str = "overlay";

/// The files by their paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    pub files: BTreeMap<String, File>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum File {
    Documents(Vec<Value>),
    Text(String),
}

impl Tree {
    pub fn write(&self, dir: &Path) {
        for (path, file) in &self.files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.to_string()).unwrap();
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Documents(documents) => {
                let texts: Vec<String> =
                    documents.iter().map(|one| serde_yaml::to_string(one).unwrap()).collect();
                f.write_str(&texts.join("---\n"))
            }
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, file) in &self.files {
            writeln!(f, "=== {path}")?;
            write!(f, "{file}")?;
        }
        Ok(())
    }
}
