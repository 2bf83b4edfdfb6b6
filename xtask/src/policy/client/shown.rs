//! What may be shown of what was found.
//!
//! Invariant: what a policy says of a Secret, or where it reads one in the inventory, is shown only
//! as it says it of placeholders: see [`secret`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Disagreement, Finding, Loaded, Outcome, Policies};
use crate::{
    policy::{
        Violation,
        constraint::Constraint,
        inventory::{Inventory, Masked},
        review::Review,
        secret::{self, Values, WITHHELD},
        workers::on_workers,
    },
    yaml::Node,
};

/// The number of a review, with kind and name of a constraint if it is about one.
type Key<'p> = (usize, Option<(&'p str, &'p str)>);

/// A review whose objects are masked.
#[derive(Default)]
struct MaskedReview {
    object: Option<Node>,
    old_object: Option<Node>,
}

/// What is known of values, and what is found without them.
struct Without<'p> {
    values: Values,
    /// What is asked a second time.
    asked: BTreeSet<Key<'p>>,
    findings: BTreeMap<Key<'p>, Vec<Finding<'p>>>,
    disagreements: BTreeMap<Key<'p>, Disagreement>,
    failures: BTreeMap<Key<'p>, String>,
}

impl Policies<'_> {
    /// What may be shown of what these reviews found. Where words may have values of a Secret, the
    /// reviews are made once more, with placeholders.
    pub fn shown<'p>(
        &'p self,
        reviews: &[Review<'_>],
        inventory: &Inventory<'_>,
        found: Outcome<'p>,
    ) -> Outcome<'p> {
        let mut values = Values::default();
        let numbers: BTreeSet<usize> = keys(&found).map(|(number, _)| number).collect();
        let masked: BTreeMap<usize, MaskedReview> = numbers
            .into_iter()
            .filter_map(|number| {
                Some((number, MaskedReview::of(reviews.get(number)?, &mut values)?))
            })
            .collect();
        let comparing: BTreeSet<(&str, &str)> = self
            .enforced()
            .filter(|loaded| loaded.code.uses_inventory())
            .map(|loaded| identity(&loaded.constraint))
            .collect();
        let compares = |(_, constraint): &Key<'_>| {
            constraint.is_some_and(|constraint| comparing.contains(&constraint))
        };
        let secrets = if keys(&found).any(|key| compares(&key)) {
            inventory.masked(&mut values)
        } else {
            Masked::default()
        };
        let is_asked =
            |key: &Key<'_>| masked.contains_key(&key.0) || (!secrets.is_empty() && compares(key));
        let asked: BTreeSet<Key<'p>> = keys(&found).filter(is_asked).collect();
        if asked.is_empty() {
            return found;
        }
        let mut without = Without::new(values, asked);
        let inventory = inventory.with(&secrets);
        without.ask(self, reviews, &masked, &inventory);
        without.shown(found)
    }
}

impl MaskedReview {
    fn of(review: &Review<'_>, values: &mut Values) -> Option<Self> {
        let object = review.object.and_then(|object| secret::masked(object, values));
        let old_object = review.old_object.and_then(|object| secret::masked(object, values));
        (object.is_some() || old_object.is_some()).then_some(Self { object, old_object })
    }

    fn of_review<'r>(&'r self, review: &Review<'r>) -> Review<'r> {
        Review {
            object: self.object.as_ref().or(review.object),
            old_object: self.old_object.as_ref().or(review.old_object),
            ..*review
        }
    }
}

impl<'p> Without<'p> {
    fn new(values: Values, asked: BTreeSet<Key<'p>>) -> Self {
        Self {
            values,
            asked,
            findings: BTreeMap::new(),
            disagreements: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// Makes the reviews that are asked for with placeholders.
    fn ask<'a>(
        &mut self,
        policies: &'p Policies<'a>,
        reviews: &[Review<'_>],
        masked: &BTreeMap<usize, MaskedReview>,
        inventory: &Inventory<'_>,
    ) {
        let of = |number: usize| {
            let review = reviews.get(number)?;
            let masked = masked.get(&number);
            Some((number, masked.map_or(*review, |masked| masked.of_review(review))))
        };
        let numbers: BTreeSet<usize> = self.asked.iter().map(|(number, _)| *number).collect();
        let (numbers, reviews): (Vec<usize>, Vec<Review<'_>>) =
            numbers.into_iter().filter_map(of).unzip();
        let used: BTreeSet<_> =
            self.asked.iter().filter_map(|(_, constraint)| *constraint).collect();
        let is_used = |loaded: &&Loaded<'a>| used.contains(&identity(&loaded.constraint));
        let constraints: Vec<&Loaded<'a>> = policies.enforced().filter(is_used).collect();
        let found = on_workers(|| policies.review_by(&constraints, &reviews, inventory));
        let key =
            |number: usize, constraint| numbers.get(number).map(|number| (*number, constraint));
        for (number, mut finding) in found.findings {
            let Some(key) = key(number, Some(identity(finding.constraint))) else { continue };
            // Its place is looked for where no value can be found.
            let object = masked.get(&key.0).and_then(|masked| masked.object.as_ref());
            finding.reviewed = finding.reviewed.or_else(|| object.cloned().map(Arc::new));
            self.findings.entry(key).or_default().push(finding);
        }
        for (number, constraint, disagreement) in found.disagreements {
            let key = key(number, Some(identity(constraint)));
            self.disagreements.extend(key.map(|key| (key, disagreement)));
        }
        for (number, constraint, why) in found.failures {
            self.failures.extend(key(number, constraint.map(identity)).map(|key| (key, why)));
        }
    }

    fn shown(&self, found: Outcome<'p>) -> Outcome<'p> {
        let mut shown = Outcome::default();
        let mut findings = found.findings.into_iter().peekable();
        while let Some((number, first)) = findings.next() {
            let key = (number, Some(identity(first.constraint)));
            let mut group = vec![first];
            let is_next = |(number, one): &(usize, Finding<'_>)| {
                (*number, Some(identity(one.constraint))) == key
            };
            while let Some((_, next)) = findings.next_if(is_next) {
                group.push(next);
            }
            let group = if self.asked.contains(&key) { self.of_group(group, key) } else { group };
            shown.findings.extend(group.into_iter().map(|finding| (number, finding)));
        }
        for (number, constraint, disagreement) in found.disagreements {
            let key = (number, Some(identity(constraint)));
            let disagreement = if self.asked.contains(&key) {
                self.of_disagreement(&disagreement, key)
            } else {
                disagreement
            };
            shown.disagreements.push((number, constraint, disagreement));
        }
        for (number, constraint, why) in found.failures {
            let key = (number, constraint.map(identity));
            let why = if self.asked.contains(&key) {
                let masked = self.failures.get(&key);
                let words = masked.and_then(|masked| self.values.shown(&why, masked));
                words.unwrap_or_else(|| WITHHELD.to_owned())
            } else {
                why
            };
            shown.failures.push((number, constraint, why));
        }
        shown
    }

    /// What may be shown of what a constraint finds. If it is withheld, one finding of each action
    /// is left.
    fn of_group(&self, mut group: Vec<Finding<'p>>, key: Key<'p>) -> Vec<Finding<'p>> {
        let said: Vec<&Violation> = group.iter().map(|one| &one.violation).collect();
        let masked = self.findings.get(&key).map_or(&[][..], Vec::as_slice);
        let masked_said: Vec<&Violation> = masked.iter().map(|one| &one.violation).collect();
        if let Some(shown) = self.values.shown_of_all(&said, &masked_said) {
            let finding = |(at, message)| {
                let masked: &Finding<'_> = masked.get(at)?;
                let violation = Violation { message, ..masked.violation.clone() };
                Some(Finding { violation, ..masked.clone() })
            };
            return shown.into_iter().filter_map(finding).collect();
        }
        let mut actions = BTreeSet::new();
        group.retain(|one| actions.insert(one.actions.clone()));
        for finding in &mut group {
            finding.violation = withheld();
            finding.is_withheld = true;
        }
        group
    }

    fn of_disagreement(&self, said: &Disagreement, key: Key<'p>) -> Disagreement {
        let masked = self.disagreements.get(&key);
        let shown = |said: &[Violation], masked: Option<&Vec<Violation>>| {
            let said: Vec<_> = said.iter().collect();
            let masked: Vec<_> = masked.into_iter().flatten().collect();
            match self.values.shown_of_all(&said, &masked) {
                Some(shown) => shown.into_iter().map(|(_, message)| of_message(message)).collect(),
                None => said.iter().take(1).map(|_| withheld()).collect(),
            }
        };
        Disagreement {
            rego: shown(&said.rego, masked.map(|one| &one.rego)),
            native: shown(&said.native, masked.map(|one| &one.native)),
        }
    }
}

fn of_message(message: String) -> Violation {
    Violation { message, details: serde_json::json!({}) }
}

fn withheld() -> Violation {
    of_message(WITHHELD.to_owned())
}

/// What says which constraint it is.
fn identity<'p>(constraint: &'p Constraint<'p>) -> (&'p str, &'p str) {
    (constraint.kind, constraint.name)
}

/// What an outcome is about.
fn keys<'o, 'p>(found: &'o Outcome<'p>) -> impl Iterator<Item = Key<'p>> + use<'o, 'p> {
    let findings = found.findings.iter().map(|(number, one)| (*number, Some(one.constraint)));
    let disagreements = found.disagreements.iter().map(|(number, one, _)| (*number, Some(*one)));
    let failures = found.failures.iter().map(|(number, one, _)| (*number, *one));
    let all = findings.chain(disagreements).chain(failures);
    all.map(|(number, constraint)| (number, constraint.map(identity)))
}
