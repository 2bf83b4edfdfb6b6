//! Lifetimes of certificates that do not go together, or not with their authority.
//!
//! cert-manager's webhook refuses a `renewBefore` that is not shorter than `duration`, 90 days if that
//! is not set (`ValidateDuration` of cert-manager 1.21). Let's Encrypt decides the lifetime itself: 90
//! days until 2027, then 64 and from 2028 on 45. What was chosen for 90 days is then renewed every few
//! days, or never valid for long enough.

use super::certificate::{Acme, GROUP, certificates};
use crate::{
    cluster::Cluster,
    diag::{Anchor, Diagnostic, codes},
    yaml::Node,
};

const DAY: u64 = 24 * 60 * 60;
/// What cert-manager asks for if nothing is said.
const DEFAULT: u64 = 90 * DAY;
/// What Let's Encrypt gives from 2027 on.
const IN_2027: u64 = 64 * DAY;
/// Two thirds of what it gives from 2028 on.
const LATE_IN_2028: u64 = 30 * DAY;

pub(super) fn check(cluster: &Cluster<'_>, out: &mut Vec<Diagnostic<Anchor>>) {
    let code = codes::TRAP_CERTIFICATE_RENEWAL;
    for certificate in certificates(cluster) {
        let object = certificate.object;
        if !object.is(GROUP, "Certificate") {
            continue;
        }
        let setting = |field: &str| {
            let path = ["spec", field];
            let (written, at) = (object.node.text_at(&path)?, object.node.at(&path)?);
            Some((written, seconds(written)?, at))
        };
        let (duration, renew_before) = (setting("duration"), setting("renewBefore"));
        let (lifetime, lifetime_text): (u64, &str) =
            duration.map_or((DEFAULT, "2160h"), |(text, seconds, _)| (seconds, text));
        if let Some((written, seconds, at)) = renew_before
            && seconds >= lifetime
        {
            let message = format!(
                "`spec.renewBefore` of {object} is {written}, and the certificate is valid for {lifetime_text}: cert-manager refuses it"
            );
            let diagnostic = object.error(code, message, at);
            out.push(match duration {
                Some((.., at)) => {
                    diagnostic.with_related(object.at(at.span), "how long it is valid")
                }
                None => diagnostic,
            });
            continue;
        }
        let Some(acme) = certificate.acme().filter(Acme::is_lets_encrypt) else { continue };
        let related =
            acme.issuer.at(acme.spec.get("server").map_or(acme.spec, |at: &Node| at).span);
        if let Some((written, _, at)) = duration.filter(|(_, seconds, _)| *seconds > IN_2027) {
            let message = format!(
                "`spec.duration` of {object} is {written}: Let's Encrypt decides that itself, 64 days from 2027 on and 45 from 2028 on"
            );
            let diagnostic = object.warning(code, message, at).with_help("leave it out");
            out.push(diagnostic.with_related(related, "the authority"));
        }
        if let Some((written, _, at)) =
            renew_before.filter(|(_, seconds, _)| *seconds >= LATE_IN_2028)
        {
            let message = format!(
                "`spec.renewBefore` of {object} is {written}, and Let's Encrypt gives 45 days from 2028 on: it is renewed when hardly a third of them is over"
            );
            let help = "use `renewBeforePercentage`, or leave it out for a third";
            let diagnostic = object.warning(code, message, at).with_help(help);
            out.push(diagnostic.with_related(related, "the authority"));
        }
    }
}

/// A duration as Go's `time.ParseDuration` reads it, in whole seconds.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: f64 = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is positive, and too much becomes the most there is"
    )]
    (!text.is_empty()).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(seconds("2160h"), Some(DEFAULT));
        assert_eq!(seconds("2160h0m0s"), Some(DEFAULT));
        assert_eq!(seconds("1.5h30s"), Some(5430));
        assert_eq!(seconds("1500ms"), Some(1));
        for text in ["", "90d", "h", "10", "1..2h", "-1h", "1h "] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds(&format!("{}h", "9".repeat(400))), Some(u64::MAX));
    }
}
