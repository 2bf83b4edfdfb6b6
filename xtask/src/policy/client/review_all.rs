//! Reviewing objects, all at once or one by one.
//!
//! All at once, a thread takes the constraints of one template with some of the objects, since an
//! engine that goes on with the same code finds it in the processor's caches.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::prelude::*;

use super::{Disagreement, Engines, Finding, Loaded, Policies, Subject, Verdict, implied};
use crate::{
    policy::{
        constraint::Constraint,
        expansion::Resultant,
        inventory::Inventory,
        review::{Origin, Review},
        workers::on_workers,
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
    /// Templates that are given up, each with the first of its constraints, and why. Nothing else that
    /// they say counts.
    pub given_up: Vec<(usize, &'p Constraint<'p>, &'static str)>,
}

/// What becomes of the object of a review before it is reviewed.
#[derive(Default)]
struct Prepared {
    /// The object as mutators have changed it, if they have.
    changed: Option<Arc<Node>>,
    /// What expansions make of it.
    made: Vec<Resultant>,
}

/// An object that is reviewed.
struct Member<'s> {
    /// The number of the review.
    review: usize,
    /// The object, if it is not the one of the review as it was given.
    reviewed: Option<&'s Arc<Node>>,
    /// What an expansion says of it, if one has made it.
    made: Option<&'s Resultant>,
    subject: Subject<'s>,
}

/// The number of an object and of a constraint, with what the one says of the other.
type Said = (usize, usize, Verdict);

impl<'a> Policies<'a> {
    /// Reviews objects against all constraints, with all threads.
    pub fn review_all(&self, reviews: &[Review<'_>], inventory: &Inventory<'_>) -> Outcome<'_> {
        on_workers(|| self.review_by(&self.enforced().collect::<Vec<_>>(), reviews, inventory))
    }

    /// The same with some constraints, in order.
    pub(super) fn review_by<'p>(
        &'p self,
        constraints: &[&'p Loaded<'a>],
        reviews: &[Review<'_>],
        inventory: &Inventory<'_>,
    ) -> Outcome<'p> {
        let prepared: Vec<_> =
            reviews.par_iter().map(|review| self.prepare(review, inventory)).collect();
        let mut outcome = Outcome::default();
        let members = self.members(reviews, &prepared, inventory, &mut outcome);
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
                        let verdict = verdict.filter(|verdict| !verdict.is_silent());
                        said.extend(verdict.map(|verdict| (number, constraint, verdict)));
                    }
                }
                said
            })
            .collect();
        said.sort_by_key(|(member, constraint, _)| (*member, *constraint));
        outcome.add(said, &members, constraints);
        outcome
    }

    /// Reviews one object against all constraints, on this thread: one of [`on_workers`].
    pub fn review(
        &self,
        review: Review<'_>,
        inventory: &Inventory<'_>,
        engines: &mut Engines,
    ) -> Outcome<'_> {
        let prepared = [self.prepare(&review, inventory)];
        let mut outcome = Outcome::default();
        let members = self.members(&[review], &prepared, inventory, &mut outcome);
        let constraints: Vec<&Loaded<'a>> = self.enforced().collect();
        let mut said = Vec::new();
        for (number, member) in members.iter().enumerate() {
            for (constraint, loaded) in constraints.iter().enumerate() {
                let verdict = loaded.verdict(&member.subject, inventory, engines);
                let verdict = verdict.filter(|verdict| !verdict.is_silent());
                said.extend(verdict.map(|verdict| (number, constraint, verdict)));
            }
        }
        outcome.add(said, &members, &constraints);
        outcome
    }

    /// The constraints that are enforced where this is.
    pub(super) fn enforced(&self) -> impl Iterator<Item = &Loaded<'a>> {
        self.constraints.values().filter(|loaded| !loaded.constraint.actions.is_empty())
    }

    /// What becomes of the object of a review before it is reviewed. What a request brings is
    /// reviewed as it is.
    fn prepare(&self, review: &Review<'_>, inventory: &Inventory<'_>) -> Result<Prepared, String> {
        let mut prepared = Prepared::default();
        let Some(object) = review.object.filter(|_| review.request.is_none()) else {
            return Ok(prepared);
        };
        let known = || inventory.namespace(review.namespace_name());
        let namespace = review.namespace.or_else(known);
        if !self.mutators.is_empty() {
            let mut changed = object.clone();
            self.mutators.apply(&mut changed, namespace, review.origin)?;
            prepared.changed = (changed != *object).then(|| Arc::new(changed));
        }
        let object = prepared.changed.as_deref().unwrap_or(object);
        if !self.expansions.is_empty() {
            prepared.made = self.expansions.expand(object, namespace, &self.mutators)?;
        }
        Ok(prepared)
    }

    /// Each object as it is reviewed, followed by what is made of it.
    fn members<'s>(
        &self,
        reviews: &[Review<'s>],
        prepared: &'s [Result<Prepared, String>],
        inventory: &Inventory<'s>,
        outcome: &mut Outcome<'_>,
    ) -> Vec<Member<'s>> {
        let mut members = Vec::new();
        for (number, (review, prepared)) in reviews.iter().zip(prepared).enumerate() {
            let mut add = |review, reviewed, made| {
                let subject = Subject::new(review, inventory, self.options);
                members.push(Member { review: number, reviewed, made, subject });
            };
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(why) => {
                    outcome.failures.push((number, None, why.clone()));
                    add(*review, None, None);
                    continue;
                }
            };
            let changed = prepared.changed.as_ref();
            add(
                Review { object: changed.map(Arc::as_ref).or(review.object), ..*review },
                changed,
                None,
            );
            for made in &prepared.made {
                let (namespace, origin) = (review.namespace, Origin::Generated);
                let review = Review { namespace, origin, ..Review::of(&made.object) };
                add(review, Some(&made.object), Some(made));
            }
        }
        members
    }
}

impl<'p> Outcome<'p> {
    fn add<'a: 'p>(
        &mut self,
        said: Vec<Said>,
        members: &[Member<'_>],
        constraints: &[&'p Loaded<'a>],
    ) {
        let code_of = |constraint: usize| constraints.get(constraint).map(|one| one.code.number);
        let given_up: BTreeSet<_> = said
            .iter()
            .filter(|(_, _, verdict)| verdict.is_given_up)
            .map(|(_, constraint, _)| code_of(*constraint))
            .collect();
        let mut told = BTreeSet::new();
        for (member, constraint, verdict) in said {
            let code = code_of(constraint);
            if given_up.contains(&code) && !(verdict.is_given_up && told.insert(code)) {
                continue;
            }
            let (Some(member), Some(loaded)) = (members.get(member), constraints.get(constraint))
            else {
                continue;
            };
            let constraint = &loaded.constraint;
            let number = member.review;
            if let Some(why) = loaded.code.given_up().filter(|_| verdict.is_given_up) {
                self.given_up.push((number, constraint, why));
            }
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
                    reviewed: member.reviewed.map(Arc::clone),
                    is_implied: member.made.is_some(),
                    is_withheld: false,
                };
                self.findings.push((number, finding));
            }
        }
    }
}
