//! Requests to the API from the client's pod.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    super::cluster::{
        json::{list, text},
        kubectl::CALL,
    },
    Smoke,
    pods::Role,
};

/// A user of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub id: String,
    pub email: String,
}

/// An answer of the API.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub status: u16,
    /// From the beginning of the request to the end of the answer.
    pub seconds: f64,
    /// The header of this name; empty if there is none.
    pub retry_after: String,
    pub body: String,
}

/// Prints the body, and in the last line what else there is to know. A path is one of the Service.
const REQUEST: &str = r#"
case $1 in
  http:*) url=$1 ;;
  *) url=$API_URL$1 ;;
esac
shift
curl --silent --connect-timeout 3 --max-time 10 \
  --write-out '\n%{http_code} %{time_total} %{errormsg} %header{retry-after}' "$@" "$url"
"#;

/// Prints one answer for each address, a line each.
const FIND_ALL: &str = r#"
for email in "$@"; do
  curl --silent --connect-timeout 3 --max-time 10 "$API_URL/users/?email=$email" || exit
  echo
done
"#;

/// Prints the status of each deletion.
const DELETE_ALL: &str = r#"
for id in "$@"; do
  curl --silent --connect-timeout 3 --max-time 10 --output /dev/null --request DELETE \
    --write-out '%{http_code}\n' "$API_URL/users/$id"
done
"#;

impl Smoke<'_> {
    /// A request from the client's pod; `options` are curl's.
    pub(super) fn request(&self, url: &str, options: &[&str]) -> Result<Answer> {
        let output = self.shell(Role::Client, REQUEST, &[&[url], options].concat(), CALL)?;
        answer(&output.stdout).with_context(|| format!("{url}: {}", output.reason()))
    }

    /// Makes a user.
    pub(super) fn create_user(&mut self, name: &str, email: &str) -> Result<User> {
        let body = serde_json::json!({"name": name, "email": email}).to_string();
        let options = ["--header", "Content-Type: application/json", "--data", &body];
        let answer = self.request("/users/", &options)?;
        ensure!(
            answer.status == 201,
            "POST /users/ answered {} instead of 201: {}",
            answer.status,
            answer.body
        );
        let user: Value = serde_json::from_str(&answer.body).context("POST /users/")?;
        let user = User { id: text(&user, "/id").to_owned(), email: email.to_owned() };
        ensure!(!user.id.is_empty(), "POST /users/ answered without an id: {}", answer.body);
        self.users.push(user.clone());
        Ok(user)
    }

    /// The users that have these addresses, for each address.
    pub(super) fn find_users(&self, emails: &[&str]) -> Result<Vec<Vec<User>>> {
        let timeout = CALL + Duration::from_secs(5) * u32::try_from(emails.len()).unwrap_or(1);
        let output = self.shell(Role::Client, FIND_ALL, emails, timeout)?;
        ensure!(output.status.success(), "GET /users/?email=: {}", output.reason());
        let found: Vec<Vec<User>> = output
            .stdout
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(page)
            .collect::<Result<_>>()?;
        ensure!(found.len() == emails.len(), "GET /users/?email= answered {} times", found.len());
        Ok(found)
    }

    /// Removes the users that were made here.
    pub(super) fn remove_users(&mut self) -> Result<()> {
        if self.users.is_empty() {
            return Ok(());
        }
        self.start(&[Role::Client])?;
        let ids: Vec<&str> = self.users.iter().map(|user| user.id.as_str()).collect();
        let output = self.shell(Role::Client, DELETE_ALL, &ids, CALL)?;
        let gone = output.stdout.lines().filter(|status| matches!(*status, "204" | "404")).count();
        ensure!(gone == ids.len(), "{} of {} users are left", ids.len() - gone, ids.len());
        self.users.clear();
        Ok(())
    }
}

/// Reads what the request prints.
fn answer(printed: &str) -> Result<Answer> {
    let (body, last) = printed.rsplit_once('\n').context("curl did not run")?;
    let mut words = last.split(' ');
    let status = words.next().and_then(|word| word.parse().ok()).context("no status")?;
    let seconds = words.next().and_then(|word| word.parse().ok()).context("no time")?;
    let rest: Vec<&str> = words.collect();
    if status == 0 {
        bail!("no answer: {}", rest.join(" ").trim());
    }
    let retry_after = rest.last().copied().unwrap_or_default().to_owned();
    Ok(Answer { status, seconds, retry_after, body: body.to_owned() })
}

/// Reads a page of users.
fn page(line: &str) -> Result<Vec<User>> {
    let page: Value = serde_json::from_str(line)
        .with_context(|| format!("GET /users/?email= did not answer with JSON: {line}"))?;
    ensure!(page.get("items").is_some(), "GET /users/?email= answered {line}");
    let user = |user: &Value| User {
        id: text(user, "/id").to_owned(),
        email: text(user, "/email").to_owned(),
    };
    Ok(list(&page, "/items").iter().map(user).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_a_time_and_a_body() {
        let parsed = answer("{\"a\":\n1}\n503 0.012  5").unwrap();
        assert_eq!((parsed.status, &*parsed.retry_after), (503, "5"));
        assert_eq!(parsed.body, "{\"a\":\n1}");
        assert_eq!(answer("\n200 0.5  ").unwrap().retry_after, "");
        let error = answer("\n000 0.1 Couldn't connect ").unwrap_err().to_string();
        assert_eq!(error, "no answer: Couldn't connect");
    }

    #[test]
    fn a_page_without_items_is_no_answer() {
        let user = User { id: "1".to_owned(), email: "a@b".to_owned() };
        let line = r#"{"items":[{"id":"1","email":"a@b","name":"c"}],"next":null}"#;
        assert_eq!(page(line).unwrap(), [user]);
        assert_eq!(page(r#"{"items":[]}"#).unwrap(), []);
        assert!(page(r#"{"title":"Service Unavailable","status":503}"#).is_err());
    }
}
