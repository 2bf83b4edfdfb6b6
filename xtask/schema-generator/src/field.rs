//! The place in a schema that a row of a table speaks of.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};

/// One step from a schema to a schema inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Property(String),
    Items,
    Values,
    Keys,
}

/// A definition and the way to one schema in it.
///
/// The way ends at a property (`core.v1.PodSpec.containers`), at the items of a list
/// (`…accessModes[]`), at the values of a map (`…labels{}`) or at its keys (`…labels{key}`). A
/// definition alone is the object itself. Where the way leads through a reference to another
/// definition (`apps.v1.DeploymentSpec.template.spec.restartPolicy`), it speaks of that place only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub definition: String,
    pub steps: Vec<Step>,
}

impl FromStr for Field {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        // The type's name is the first part that starts with a capital letter: `core.v1.PodSpec`.
        let mut end = 0;
        for part in text.split('.') {
            end += part.len();
            if part.starts_with(|first: char| first.is_ascii_uppercase()) {
                break;
            }
            end += 1;
        }
        let (definition, path) =
            text.split_at_checked(end).with_context(|| format!("`{text}` names no type"))?;
        let mut steps = Vec::new();
        for part in path.split('.').skip(1) {
            let name = part.find(['[', '{']).and_then(|end| part.get(..end)).unwrap_or(part);
            ensure!(!name.is_empty(), "`{text}` has an empty property name");
            steps.push(Step::Property(name.to_owned()));
            let mut rest = part.get(name.len()..).unwrap_or_default();
            while !rest.is_empty() {
                let steps_by_mark =
                    [("[]", Step::Items), ("{key}", Step::Keys), ("{}", Step::Values)];
                let found = steps_by_mark
                    .into_iter()
                    .find_map(|(mark, step)| Some((rest.strip_prefix(mark)?, step)));
                let (after, step) = found.with_context(|| {
                    format!("`{text}` ends in `{rest}`, expected [], {{}} or {{key}}")
                })?;
                steps.push(step);
                rest = after;
            }
        }
        Ok(Self { definition: definition.to_owned(), steps })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.definition)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Property(name) => write!(f, ".{name}"),
            Step::Items => f.write_str("[]"),
            Step::Values => f.write_str("{}"),
            Step::Keys => f.write_str("{key}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_and_written_alike() {
        for text in [
            "meta.v1.Time",
            "core.v1.PodSpec.containers",
            "core.v1.PersistentVolumeClaimSpec.accessModes[]",
            "meta.v1.ObjectMeta.labels{key}",
            "rbac.v1.Role.rules[].apiGroups",
            "apps.v1.DeploymentSpec.template.spec.restartPolicy",
            "apiextensions.v1.JSONSchemaProps.x-kubernetes-list-type",
        ] {
            assert_eq!(text.parse::<Field>().expect("the field is well-formed").to_string(), text);
        }
    }

    #[test]
    fn the_definition_ends_at_the_first_capitalised_part() {
        let field: Field =
            "core.v1.PodSpec.containers[].name".parse().expect("the field is well-formed");
        assert_eq!(field.definition, "core.v1.PodSpec");
        assert_eq!(field.steps.len(), 3);
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for text in
            ["core.v1.pod.spec", "core.v1.Pod.", "core.v1.Pod.spec[", "core.v1.Pod..spec", ""]
        {
            assert!(text.parse::<Field>().is_err(), "`{text}` must not be a field");
        }
    }
}
