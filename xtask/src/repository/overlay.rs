//! Which overlays there are: the directories `overlays/<env>/<app>` with a kustomization.

use std::{collections::BTreeSet, fmt, io, path::Path};

use crate::{
    diag::did_you_mean,
    kustomize::{OVERLAYS, applications},
    source::directories,
};

/// One application in one environment. Overlays are ordered by environment, then application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overlay {
    /// The environment: the name of the directory in `overlays/`.
    pub env: String,
    /// The application: the name of the directory in that.
    pub app: String,
    /// `overlays/<env>/<app>`.
    pub path: String,
}

/// An environment that was asked for and does not exist.
#[derive(Debug)]
pub struct Unselected {
    env: String,
    known: Vec<String>,
}

/// All overlays of the repository at `root`.
pub fn overlays(root: &Path) -> io::Result<Vec<Overlay>> {
    let mut found = Vec::new();
    let top = root.join(OVERLAYS);
    for env in directories(&top)? {
        for app in applications(&top.join(&env))? {
            let path = format!("{OVERLAYS}/{env}/{app}");
            found.push(Overlay { env: env.clone(), app, path });
        }
    }
    Ok(found)
}

/// The overlays of the environments `envs`; all of them if none is named.
pub fn select(overlays: Vec<Overlay>, envs: &[String]) -> Result<Vec<Overlay>, Unselected> {
    let known: BTreeSet<&str> = overlays.iter().map(|overlay| overlay.env.as_str()).collect();
    if let Some(env) = envs.iter().find(|env| !known.contains(env.as_str())) {
        let known = known.into_iter().map(str::to_owned).collect();
        return Err(Unselected { env: env.clone(), known });
    }
    Ok(overlays
        .into_iter()
        .filter(|overlay| envs.is_empty() || envs.contains(&overlay.env))
        .collect())
}

impl fmt::Display for Unselected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no environment `{}` in overlays/", self.env)?;
        if let Some(hint) = did_you_mean(&self.env, self.known.iter().map(String::as_str)) {
            return write!(f, "; {hint}");
        }
        match self.known.as_slice() {
            [] => f.write_str("; it holds no overlays/<env>/<app>/kustomization.yaml"),
            known => write!(f, "; there are: {}", known.join(", ")),
        }
    }
}

impl std::error::Error for Unselected {}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn repository(dirs: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for dir in dirs {
            let dir = root.path().join("overlays").join(dir);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("kustomization.yaml"), "").unwrap();
        }
        root
    }

    #[test]
    fn an_overlay_is_a_directory_with_a_kustomization() {
        let root = repository(&["prod/web", "dev/web", "dev/db"]);
        fs::create_dir_all(root.path().join("overlays/dev/notes")).unwrap();
        fs::write(root.path().join("overlays/dev/values.yaml"), "").unwrap();
        let paths: Vec<_> =
            overlays(root.path()).unwrap().into_iter().map(|overlay| overlay.path).collect();
        assert_eq!(paths, ["overlays/dev/db", "overlays/dev/web", "overlays/prod/web"]);
    }

    #[test]
    fn an_unknown_environment_is_refused_with_what_was_meant() {
        let root = repository(&["prod/web", "dev/web"]);
        let select = |envs: &[&str]| {
            let envs: Vec<_> = envs.iter().map(|&env| env.to_owned()).collect();
            select(overlays(root.path()).unwrap(), &envs)
        };
        assert_eq!(select(&["prod"]).unwrap().len(), 1);
        assert_eq!(select(&[]).unwrap().len(), 2);
        let message = |env| select(&[env]).unwrap_err().to_string();
        assert!(message("prdo").ends_with("did you mean `prod`?"), "{}", message("prdo"));
        assert!(message("qa").ends_with("there are: dev, prod"), "{}", message("qa"));
    }
}
