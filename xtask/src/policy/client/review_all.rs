//! Reviewing objects, all at once or one by one.
//!
//! All at once, a thread takes the constraints of one template with some of the objects, since an
//! engine that goes on with the same code finds it in the processor's caches.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{Disagreement, Engines, Finding, Loaded, Policies, Subject, Verdict, implied};
use crate::{
    policy::{
        constraint::Constraint,
        expansion::Resultant,
        inventory::Inventory,
        review::{Origin, Review},
    },
    yaml::{Node, Text},
};

/// How many objects a thread takes at once.
const CHUNK: usize = 256;

/// What is found. Each entry begins with the number of the review that it is about; they are in the
/// order of the reviews, and of kind and name of the constraints.
#[derive(Debug, Default)]
pub struct Outcome<'p> {
    /// What constraints find wrong.
    pub findings: Vec<(usize, Finding<'p>)>,
    /// About which objects the two engines of a template disagree.
    pub disagreements: Vec<(usize, &'p Constraint<'p>, Disagreement)>,
    /// What could not be evaluated: never a pass.
    pub failures: Vec<(usize, Option<&'p Constraint<'p>>, String)>,
}

/// What an expansion made of the object of a review.
struct Made {
    object: Arc<Node>,
    template: Text,
    action: Option<Text>,
}

/// An object, with the number of the review and what made it.
struct Member<'s> {
    review: usize,
    made: Option<&'s Made>,
    subject: Subject<'s>,
}

/// The number of an object and of a constraint, with what the one says of the other.
type Said = (usize, usize, Verdict);

impl<'a> Policies<'a> {
    /// Reviews objects against all constraints, with all threads.
    pub fn review_all(&self, reviews: &[Review<'_>], inventory: &Inventory<'_>) -> Outcome<'_> {
        let made: Vec<_> =
            reviews.par_iter().map(|review| self.expand(review, inventory)).collect();
        let mut outcome = Outcome::default();
        let members = members(reviews, &made, inventory, &mut outcome);
        let constraints: Vec<&Loaded<'a>> = self.enforced().collect();
        let units: Vec<_> = constraints
            .chunk_by(|a, b| a.code.number == b.code.number)
            .scan(0, |next, group| {
                let first = *next;
                *next += group.len();
                Some((first, group))
            })
            .flat_map(|unit| (0..members.len()).step_by(CHUNK).map(move |start| (unit, start)))
            .collect();
        let threads = rayon::current_num_threads();
        let engines: Vec<Mutex<Engines>> = (0..threads).map(|_| Mutex::default()).collect();
        let mut said: Vec<Said> = units
            .par_iter()
            .flat_map_iter(|&((first, group), start)| {
                let own = engines.get(rayon::current_thread_index().unwrap_or_default());
                let own = own.expect("there are some for each thread");
                let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
                let mut said = Vec::new();
                for (constraint, loaded) in (first..).zip(group) {
                    let chunk = members.iter().enumerate().skip(start).take(CHUNK);
                    for (number, member) in chunk {
                        let verdict = loaded.verdict(&member.subject, inventory, &mut own);
                        said.extend(verdict.map(|verdict| (number, constraint, verdict)));
                    }
                }
                said
            })
            .collect();
        said.sort_by_key(|(member, constraint, _)| (*member, *constraint));
        outcome.add(said, &members, &constraints);
        outcome
    }

    /// Reviews one object against all constraints, on this thread.
    pub fn review(
        &self,
        review: Review<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Outcome<'_> {
        let made = [self.expand(&review, inventory)];
        let mut outcome = Outcome::default();
        let members = members(&[review], &made, inventory, &mut outcome);
        let constraints: Vec<&Loaded<'a>> = self.enforced().collect();
        let mut said = Vec::new();
        for (number, member) in members.iter().enumerate() {
            for (constraint, loaded) in constraints.iter().enumerate() {
                let verdict = loaded.verdict(&member.subject, inventory, engines);
                said.extend(verdict.map(|verdict| (number, constraint, verdict)));
            }
        }
        outcome.add(said, &members, &constraints);
        outcome
    }

    /// The constraints that are enforced where this is.
    fn enforced(&self) -> impl Iterator<Item = &Loaded<'a>> {
        self.constraints.values().filter(|loaded| !loaded.constraint.actions.is_empty())
    }

    /// What is made of the object of a review. What a request brings is reviewed as it is.
    fn expand(&self, review: &Review<'_>, inventory: &Inventory<'_>) -> Result<Vec<Made>, String> {
        let object =
            review.object.filter(|_| review.request.is_none() && !self.expansions.is_empty());
        let Some(object) = object else { return Ok(Vec::new()) };
        let known = || inventory.namespace(review.namespace_name());
        let resultants = self.expansions.expand(object, review.namespace.or_else(known))?;
        let made = |one: Resultant| Made {
            object: Arc::new(one.object),
            template: one.template,
            action: one.action,
        };
        Ok(resultants.into_iter().map(made).collect())
    }
}

/// Each object, followed by what is made of it.
fn members<'s>(
    reviews: &[Review<'s>],
    made: &'s [Result<Vec<Made>, String>],
    inventory: &Inventory<'s>,
    outcome: &mut Outcome<'_>,
) -> Vec<Member<'s>> {
    let mut members = Vec::new();
    for (number, (review, made)) in reviews.iter().zip(made).enumerate() {
        let mut add = |review, made| {
            let subject = Subject::new(review, inventory);
            members.push(Member { review: number, made, subject });
        };
        add(*review, None);
        match made {
            Ok(made) => {
                for one in made {
                    let origin = Origin::Generated;
                    let namespace = review.namespace;
                    add(Review { namespace, origin, ..Review::of(&one.object) }, Some(one));
                }
            }
            Err(why) => outcome.failures.push((number, None, why.clone())),
        }
    }
    members
}

impl<'p> Outcome<'p> {
    fn add<'a: 'p>(
        &mut self,
        said: Vec<Said>,
        members: &[Member<'_>],
        constraints: &[&'p Loaded<'a>],
    ) {
        for (member, constraint, verdict) in said {
            let (Some(member), Some(loaded)) = (members.get(member), constraints.get(constraint))
            else {
                continue;
            };
            let constraint = &loaded.constraint;
            let number = member.review;
            if let Some(why) = verdict.failure {
                self.failures.push((number, Some(constraint), why));
            }
            if let Some(disagreement) = verdict.disagreement {
                self.disagreements.push((number, constraint, disagreement));
            }
            let actions = match member.made.and_then(|made| made.action.as_ref()) {
                Some(action) => vec![action.clone()],
                None => constraint.actions.iter().map(|action| Text::from(*action)).collect(),
            };
            for violation in verdict.violations {
                let finding = Finding {
                    constraint,
                    template: &loaded.code.template,
                    violation: match member.made {
                        Some(made) => implied(&made.template, violation),
                        None => violation,
                    },
                    actions: actions.clone(),
                    is_unmatched: verdict.is_unmatched,
                    generated: member.made.map(|made| Arc::clone(&made.object)),
                };
                self.findings.push((number, finding));
            }
        }
    }
}
