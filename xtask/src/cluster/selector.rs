//! Label selectors.
//!
//! Source: `LabelSelector` of apimachinery's meta/v1 and the semantics of its `labels` package.

use std::fmt;

use crate::yaml::Node;

/// What labels must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector<'a> {
    /// All of them must hold; none selects everything.
    pub requirements: Vec<Requirement<'a>>,
}

/// What one label must be like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement<'a> {
    /// The label.
    pub key: &'a str,
    /// How it is compared.
    pub operator: Operator,
    /// With what; nothing for the two that ask whether it is there.
    pub values: Vec<&'a str>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label has none of the values, or is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl<'a> Selector<'a> {
    /// A map of labels, as a Service's `spec.selector`. `None` if it is no map.
    pub fn of_labels(node: &'a Node) -> Option<Self> {
        let entries = node.as_mapping()?.iter();
        let equal = |key, value| Requirement { key, operator: Operator::In, values: vec![value] };
        let requirements = entries
            .filter_map(|entry| Some(equal(entry.key.as_str(), entry.value.scalar_text()?)))
            .collect();
        Some(Self { requirements })
    }

    /// A `LabelSelector`, with `matchLabels` and `matchExpressions`. `None` if it is malformed,
    /// which the schema reports.
    pub fn of(node: &'a Node) -> Option<Self> {
        node.as_mapping()?;
        let mut selector = match node.get("matchLabels").filter(|labels| !labels.is_null()) {
            Some(labels) => Self::of_labels(labels)?,
            None => Self::default(),
        };
        let expressions = node.get("matchExpressions").and_then(Node::as_sequence);
        for expression in expressions.unwrap_or_default() {
            let operator = match expression.get("operator")?.as_str()? {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return None,
            };
            let values = expression.get("values").and_then(Node::as_sequence).unwrap_or_default();
            selector.requirements.push(Requirement {
                key: expression.get("key")?.as_str()?,
                operator,
                values: values.iter().filter_map(Node::scalar_text).collect(),
            });
        }
        Some(selector)
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The labels that must have exactly one value.
    pub fn equalities(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.requirements.iter().filter_map(|one| match (one.operator, one.values.as_slice()) {
            (Operator::In, [value]) => Some((one.key, *value)),
            _ => None,
        })
    }

    /// Whether it selects what has these labels.
    pub fn matches<'l>(&self, labels: &(impl Iterator<Item = (&'l str, &'l str)> + Clone)) -> bool {
        self.requirements.iter().all(|one| one.matches(labels))
    }
}

impl Requirement<'_> {
    /// Whether it holds only for what has the label.
    pub fn needs_label(&self) -> bool {
        matches!(self.operator, Operator::In | Operator::Exists)
    }

    /// Whether it holds for what has these labels.
    pub fn matches<'l>(&self, labels: &(impl Iterator<Item = (&'l str, &'l str)> + Clone)) -> bool {
        let value = labels.clone().find(|(key, _)| *key == self.key).map(|(_, value)| value);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(&value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(&value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// `app: web`, or `tier in (back, front)`, for messages.
impl fmt::Display for Requirement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (self.key, self.values.join(", "));
        match (self.operator, self.values.len()) {
            (Operator::In, 1) => write!(f, "{key}: {values}"),
            (Operator::In, _) => write!(f, "{key} in ({values})"),
            (Operator::NotIn, _) => write!(f, "{key} notin ({values})"),
            (Operator::Exists, _) => f.write_str(key),
            (Operator::DoesNotExist, _) => write!(f, "!{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::Sources,
        yaml::{Dialect, parse},
    };

    /// Whether the selector of `text` selects `app=web,tier=front`.
    fn selects(text: &str) -> bool {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", text);
        let nodes = parse(&sources, id, Dialect::Resource, &mut Vec::new());
        let labels = [("app", "web"), ("tier", "front")];
        Selector::of(&nodes[0]).expect("a selector").matches(&labels.into_iter())
    }

    #[test]
    fn a_selector_means_what_it_means_to_the_api_server() {
        let expression = |text: &str| selects(&format!("matchExpressions: [{{{text}}}]"));
        assert!(selects("{}"));
        assert!(selects("matchLabels: {app: web}"));
        assert!(!selects("matchLabels: {app: web, tier: back}"));
        assert!(expression("key: app, operator: In, values: [api, web]"));
        assert!(!expression("key: app, operator: In, values: [api]"));
        assert!(!expression("key: app, operator: NotIn, values: [api, web]"));
        assert!(expression("key: zone, operator: NotIn, values: [a]"), "a label that is not there");
        assert!(expression("key: app, operator: Exists"));
        assert!(!expression("key: app, operator: DoesNotExist"));
        assert!(expression("key: zone, operator: DoesNotExist"));
    }
}
