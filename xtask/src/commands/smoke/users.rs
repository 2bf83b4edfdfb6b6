//! Users are created and read back, and are still there after the database pod was deleted.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    super::cluster::{json::text, process::Output},
    API, DATABASE, RECOVERY, Shown, Smoke,
    pods::Role,
    requests::User,
};

/// The script of the client, relative to the repository.
const SCRIPT: &str = "base/http-client/generate_user.sh";

/// How many users it makes.
const COUNT: usize = 10;

/// How long it may take.
const SCRIPT_TIMEOUT: Duration = Duration::from_mins(3);

/// What the script says in its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summary {
    sent: usize,
    accepted: usize,
    rejected: usize,
    milliseconds: u64,
}

impl Smoke<'_> {
    /// The script makes users, as a person would run it, and they are read back.
    pub(super) fn users(&mut self) -> Result<Shown> {
        self.start(&[Role::Client])?;
        let output = self.generate()?;
        let said = || output.reason();
        let summary = summary(&output.stdout).with_context(said)?;
        ensure!(
            output.status.success() && summary.accepted == COUNT && summary.rejected == 0,
            "{} of {} users were accepted: {}",
            summary.accepted,
            summary.sent,
            said()
        );
        let emails = emails(&output.stdout);
        ensure!(emails.len() == COUNT, "the script named {} users of {COUNT}", emails.len());
        let found = self.find_users(&emails)?;
        for (email, found) in emails.iter().zip(&found) {
            ensure!(
                matches!(found.as_slice(), [user] if user.email == *email),
                "a user that was accepted cannot be read back by its address"
            );
        }
        self.users.extend(found.into_iter().flatten());

        let marker = self.marker()?;
        // A filter that is ignored would find everybody.
        let nobody = format!("nobody-{}", marker.email);
        let found = self.find_users(&[&marker.email, &nobody])?;
        let [one, none] = found.as_slice() else { return Ok(Shown::Nothing(said())) };
        ensure!(*one == [marker], "the user was not read back as it was made");
        ensure!(none.is_empty(), "GET /users/?email= finds users with other addresses");
        Ok(Shown::Yes(format!(
            "{} of {COUNT} accepted in {} ms, all read back by their addresses",
            summary.accepted, summary.milliseconds
        )))
    }

    /// Everything that was accepted is still there when the database pod was deleted.
    pub(super) fn persistence(&mut self) -> Result<Shown> {
        self.start(&[Role::Client])?;
        self.marker()?;
        let pod = format!("{DATABASE}-0");
        let uid = || -> Result<Option<String>> {
            let pod = self.kubectl.find(self.namespace(), "pod", &pod)?;
            Ok(pod.map(|pod| text(&pod, "/metadata/uid").to_owned()))
        };
        let before = uid()?.with_context(|| format!("there is no pod {pod}"))?;
        let args = ["delete", "--namespace", self.namespace(), "pod", &pod, "--wait=false"];
        self.kubectl.text(&args)?;
        self.until("a new database pod", RECOVERY, || Ok(uid()?.filter(|uid| *uid != before)))?;
        self.until_ready("StatefulSet", DATABASE)?;
        self.until_ready("Deployment", API)?;

        let users = self.users.clone();
        let emails: Vec<&str> = users.iter().map(|user| user.email.as_str()).collect();
        // The API may need a moment to find the database again.
        let found = self.until("the API answers", Duration::from_secs(30), || {
            match self.find_users(&emails) {
                Err(error) if error.is::<super::Interrupted>() => Err(error),
                other => Ok(other.ok()),
            }
        })?;
        let kept = users.iter().zip(&found).filter(|(user, found)| **found == [(*user).clone()]);
        let kept = kept.count();
        ensure!(kept == users.len(), "{} of {} users are lost", users.len() - kept, users.len());
        Ok(Shown::Yes(format!("{kept} of {} users are still there", users.len())))
    }

    /// A user that was not there before.
    pub(super) fn marker(&mut self) -> Result<User> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let email = format!("smoke-{:x}-{:x}@example.com", since.as_nanos(), std::process::id());
        self.create_user("Smoke Test", &email)
    }

    fn generate(&self) -> Result<Output> {
        let path = self.root.join(SCRIPT);
        let script = fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let count = format!("COUNT={COUNT}");
        let words = ["exec", "--stdin", "--namespace", self.namespace(), "smoke-client", "--"];
        // Where the API is comes with the template of the Job.
        let words = [&words[..], &["env", &count, "WAIT_SECONDS=60", "sh", "-s"]].concat();
        self.kubectl.call(&words, script, SCRIPT_TIMEOUT)
    }
}

/// The last line of the script: `sent 10, accepted 10, rejected 0, 312 ms`.
fn summary(printed: &str) -> Option<Summary> {
    let line = printed.lines().rev().find_map(|line| line.strip_prefix("sent "))?;
    let numbers: Vec<u64> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let count = |number: u64| usize::try_from(number).ok();
    match numbers.as_slice() {
        [sent, accepted, rejected, milliseconds] => Some(Summary {
            sent: count(*sent)?,
            accepted: count(*accepted)?,
            rejected: count(*rejected)?,
            milliseconds: *milliseconds,
        }),
        _ => None,
    }
}

/// The addresses of the users that the script has made: `1/10 created ADDRESS: ...`.
fn emails(printed: &str) -> Vec<&str> {
    printed.lines().filter_map(|line| line.split_once(" created ")?.1.split(':').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "waiting for http://api/readyz\n\
        1/2 created user-ab@example.com: {\"id\":\"1\"}\n\
        2/2 created user-cd@example.com: by an attempt without answer\n\
        sent 2, accepted 2, rejected 0, 31 ms\n";

    #[test]
    fn the_summary_is_read() {
        let expected = Summary { sent: 2, accepted: 2, rejected: 0, milliseconds: 31 };
        assert_eq!(summary(PRINTED), Some(expected));
        assert_eq!(summary("waiting"), None);
    }

    #[test]
    fn the_users_are_named() {
        assert_eq!(emails(PRINTED), ["user-ab@example.com", "user-cd@example.com"]);
    }
}
