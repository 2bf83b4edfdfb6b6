//! Areas of rules, such as `schema`: the parts before the slash of their codes.

use anyhow::{Result, bail};

use crate::diag::{codes, did_you_mean};

/// Some areas; none stands for all.
#[derive(Clone, Debug)]
pub(super) struct Areas(Option<Vec<&'static str>>);

impl Areas {
    /// Those that are named; all if none is.
    pub fn named(names: &[String]) -> Result<Self> {
        if names.is_empty() {
            return Ok(Self(None));
        }
        let all = codes::areas();
        let mut areas = Vec::new();
        for name in names {
            let Some(area) = all.iter().find(|area| *area == name) else {
                let hint = did_you_mean(name, all.iter().copied())
                    .unwrap_or_else(|| format!("there are: {}", all.join(", ")));
                bail!("--only: there is no area `{name}`; {hint}");
            };
            areas.push(*area);
        }
        Ok(Self(Some(areas)))
    }

    /// What building and rendering look at.
    pub fn of_rendering() -> Self {
        let later = ["schema", "reference", "trap", "policy"];
        Self(Some(codes::areas().into_iter().filter(|area| !later.contains(area)).collect()))
    }

    /// Whether an area is among them.
    pub fn has(&self, area: &str) -> bool {
        self.0.as_ref().is_none_or(|areas| areas.contains(&area))
    }
}
