//! What policies say, as diagnostics.

use std::collections::BTreeSet;

use super::{
    super::{
        Violation, place, secret,
        validator::{Cause, Denial},
        words::one_line,
    },
    Bound, Said, Unknown,
    load::{Action, Binding},
    parameters::{Denied, Parameters},
    subject::Subject,
};
use crate::{
    cluster::{Cluster, Object},
    diag::{Anchor, Diagnostic, codes},
    source::Span,
    yaml::{Node, Text},
};

/// The longest message that is shown, in characters.
const SHOWN: usize = 400;

/// What is said of some objects.
#[derive(Default)]
pub(super) struct Reports {
    /// With the name of the policy.
    found: Vec<(Text, Diagnostic<Anchor>)>,
    /// What is told once for all objects: the first one stands for them.
    once: Vec<(Once, Diagnostic<Anchor>)>,
}

/// What something is told of that is told once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Once {
    /// A policy's expression, or something else about it.
    Policy(Text, Span, Unknown),
    /// A policy that takes too many steps.
    Exhausted(Text),
    /// A binding.
    Binding(Text, Denied),
}

/// A policy that nothing binds.
pub(super) fn unbound(policy: &Object<'_>) -> Diagnostic<Anchor> {
    let message = format!("{policy} is bound by nothing, so it is never asked");
    let help = "add a ValidatingAdmissionPolicyBinding with its name as `policyName`";
    Diagnostic::warning(codes::POLICY_ADMISSION_BINDING, message, policy.name_anchor())
        .with_help(help)
}

/// A policy that is larger than what is looked at.
pub(super) fn too_large(policy: &Object<'_>, at: &Node) -> Diagnostic<Anchor> {
    let message = format!("{policy} is not evaluated: it has more expressions than are looked at");
    policy.warning(codes::POLICY_ADMISSION_EXPRESSION, message, at)
}

impl Reports {
    /// Adds what is said of an object.
    pub fn add(
        &mut self,
        object: &Object<'_>,
        subject: &Subject<'_>,
        said: Said<'_>,
        cluster: &Cluster<'_>,
    ) {
        match said {
            Said::Against { bound, binding, parameters, denial, action, paths } => {
                let found = against(
                    object,
                    subject,
                    (bound, binding, parameters),
                    (&denial, action),
                    &paths,
                );
                self.found.push((bound.policy.object.id.name.clone(), found));
            }
            Said::Without { binding, denied } => {
                let name = binding.object.id.name.clone();
                let at = binding.reference.unwrap_or(binding.object.node);
                let message = format!(
                    "{} refuses every object that it is for, such as {}: {}",
                    binding.object,
                    shown_subject(object, subject),
                    line(denied.message()),
                );
                let at = binding.object.at(first_key(at));
                let found = cluster.missing(codes::POLICY_ADMISSION_BINDING, message, at);
                self.once.push((Once::Binding(name, denied), found));
            }
            Said::Unknown { bound, why: Unknown::Exhausted, .. } => {
                let policy = bound.policy.object;
                let message = format!("{policy} takes more steps on an object than are allowed");
                let code = codes::POLICY_ADMISSION_EXPRESSION;
                let found = Diagnostic::error(code, message, policy.name_anchor());
                self.once.push((Once::Exhausted(policy.id.name.clone()), found));
            }
            Said::Unknown { bound, part, why } => {
                let policy = bound.policy.object;
                let at = part.and_then(|part| bound.policy.expression(part));
                let at = match at {
                    Some((node, _)) => policy.at(node.span),
                    None => policy.name_anchor(),
                };
                let told = Once::Policy(policy.id.name.clone(), at.span, why.clone());
                let (text, help) = match &why {
                    Unknown::Expression(text) => {
                        (line(text), "try it with `kubectl apply --dry-run=server`")
                    }
                    Unknown::Version(version) => (
                        format!("it is asked about the version `{version}` of the object"),
                        "name the version in `resourceRules` that the object is written in",
                    ),
                    Unknown::Exhausted => return,
                    Unknown::Parameters(binding) => (
                        format!("the parameters of {binding} are declared to be elsewhere"),
                        "add them here to have it evaluated",
                    ),
                };
                let message = format!(
                    "{policy} is not evaluated for {}: {text}",
                    shown_subject(object, subject)
                );
                let found = Diagnostic::warning(codes::POLICY_ADMISSION_EXPRESSION, message, at)
                    .with_help(help);
                self.once.push((told, found));
            }
        }
    }

    /// All of them, in order. Of a policy that takes too many steps nothing else counts, since what
    /// it would say of other objects is not known.
    pub fn merged(all: Vec<Self>) -> Vec<Diagnostic<Anchor>> {
        let once = all.iter().flat_map(|one| &one.once);
        let exhausted: BTreeSet<Text> = once
            .filter_map(|(what, _)| match what {
                Once::Exhausted(policy) => Some(policy.clone()),
                _ => None,
            })
            .collect();
        let mut seen = BTreeSet::new();
        let mut merged = Vec::new();
        for Self { found, once } in all {
            let counts = |policy: &Text| !exhausted.contains(policy);
            let found = found.into_iter().filter(|(policy, _)| counts(policy));
            merged.extend(found.map(|(_, found)| found));
            let new = once.into_iter().filter(|(what, _)| match what {
                Once::Policy(policy, ..) => counts(policy) && seen.insert(what.clone()),
                Once::Exhausted(_) | Once::Binding(..) => seen.insert(what.clone()),
            });
            merged.extend(new.map(|(_, found)| found));
        }
        merged
    }
}

/// A policy that is against an object.
fn against(
    object: &Object<'_>,
    subject: &Subject<'_>,
    (bound, binding, parameters): (&Bound<'_>, &Binding<'_>, Option<&Parameters<'_>>),
    (denial, action): (&Denial, Action),
    paths: &[Vec<Text>],
) -> Diagnostic<Anchor> {
    let policy = bound.policy.object;
    let message = line(&denial.message);
    let message = message.trim_end_matches('.');
    let shown = shown_subject(object, subject);
    let code = codes::POLICY_ADMISSION;
    let expression = bound.policy.expression(denial.of);
    let at = secret::anchor(object, place_of(&subject.written, paths, message));
    let is_many = subject.is_made();
    let (is, gets) = if is_many { ("are", "get") } else { ("is", "gets") };
    let mut found = match action {
        Action::Deny => {
            Diagnostic::error(code, format!("{shown} {is} refused by {policy}: {message}"), at)
        }
        Action::Warn => Diagnostic::warning(
            code,
            format!("{shown} {gets} a warning by {policy}: {message}"),
            at,
        ),
        Action::Audit => {
            let text = format!("{shown} {is} put on record by {policy}: {message}");
            Diagnostic::info(code, text, at)
        }
    };
    if let Some((node, _)) = expression {
        let what = match denial.cause {
            Cause::Error => "this has no value for it",
            Cause::False | Cause::Budget | Cause::Unknown => "this is not true of it",
        };
        found = found.with_related(policy.at(node.span), what);
    }
    found = found.with_related(binding.object.name_anchor(), "the policy is bound here");
    if let Some(parameters) = parameters {
        found = found.with_related(parameters.object.name_anchor(), "its parameters are here");
    }
    if denial.message == secret::WITHHELD {
        found = found.with_help(secret::HELP);
    } else if denial.cause == Cause::Error {
        found = found
            .with_help("say in the expression what holds where a field is not there, with `has()`");
    }
    found
}

/// An object, or what is made of it.
fn shown_subject(object: &Object<'_>, subject: &Subject<'_>) -> String {
    if subject.is_made() {
        format!("the {}s of {object}", subject.gvk.kind)
    } else {
        object.to_string()
    }
}

/// The place in an object that an expression is about: the deepest one that it mentions and that is
/// there. Where it mentions none, the words of the message decide.
fn place_of(written: &Node, paths: &[Vec<Text>], message: &str) -> Span {
    let depth = |path: &&Vec<Text>| {
        let mut node = Some(written);
        path.iter()
            .take_while(|key| {
                node = node.and_then(|node| match (node.as_sequence(), key.parse::<usize>()) {
                    (Some(items), Ok(at)) => items.get(at),
                    _ => node.get(key),
                });
                node.is_some()
            })
            .count()
    };
    let deepest = paths.iter().rev().max_by_key(depth).filter(|path| depth(path) > 0);
    let by_path = deepest.and_then(|path| {
        let steps: Vec<String> = path.iter().map(ToString::to_string).collect();
        place::follow(written, &steps)
    });
    by_path.unwrap_or_else(|| {
        let details = serde_json::json!({});
        place::place(written, &Violation { message: message.to_owned(), details })
    })
}

/// Of a map its first key.
fn first_key(node: &Node) -> Span {
    let first = node.as_mapping().and_then(|mapping| mapping.iter().next());
    first.map_or(node.span, |entry| entry.key_span)
}

/// A text on one line, without what would end its quotes, and not too long.
fn line(text: &str) -> String {
    let line = one_line(text).replace('`', "'");
    let mut short: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
