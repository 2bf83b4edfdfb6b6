//! Asking a registry for the digest of a tag, without credentials.
//!
//! Source: the distribution specification of OCI 1.1 ("Pulling manifests") and the page "Token
//! authentication" of the distribution project. Invariant: nothing is sent or followed without TLS,
//! except to a registry that was named as one without; and no answer takes more memory or time than
//! said here.

use std::{collections::BTreeMap, fmt::Write as _, io::Read as _, thread, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use ureq::{
    Agent, Body,
    http::{HeaderMap, Response, StatusCode},
};

/// What may be under a tag. The index of an image for several platforms comes first, since its digest
/// pins the image for all of them.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// The largest manifest that registries have to take.
const MAX_MANIFEST: u64 = 4 * 1024 * 1024;

/// No token is longer.
const MAX_TOKEN: u64 = 64 * 1024;

/// How often a request is repeated that a registry puts off.
const MAX_ATTEMPTS: usize = 3;

/// A registry that asks for more patience is asked at another time.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Where the images of Docker Hub are.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// A digest, and where it was read.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// `sha256:...`.
    pub digest: String,
    /// The manifest.
    pub url: String,
    /// The registry's day: `2026-12-01`.
    pub date: Option<String>,
}

/// The registries, with what they have answered.
pub(super) struct Registries<'a> {
    agent: Agent,
    /// `host[:port]` of those without TLS.
    insecure: &'a [String],
    tokens: BTreeMap<String, String>,
    resolved: BTreeMap<String, Resolved>,
}

/// Where a repository is.
#[derive(Debug, PartialEq, Eq)]
struct Repository {
    host: String,
    path: String,
}

/// What a registry asks for before it answers.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    /// `service` and `scope`, as the registry says them.
    parameters: Vec<(String, String)>,
}

impl<'a> Registries<'a> {
    pub fn new(insecure: &'a [String], timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            // Statuses are told apart here.
            .http_status_as_error(false)
            .max_redirects(5)
            .user_agent("cargo-xtask-images")
            .build();
        Self { agent: config.into(), insecure, tokens: BTreeMap::new(), resolved: BTreeMap::new() }
    }

    /// The digest of what an image's tag names now.
    pub fn digest(&mut self, name: &str, tag: &str) -> Result<Resolved> {
        let Repository { host, path } = Repository::of(name)?;
        let is_tag = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        ensure!(tag.len() <= 128 && tag.chars().all(is_tag), "`{tag}` is no tag");
        let scheme = if self.insecure.contains(&host) { "http" } else { "https" };
        let url = format!("{scheme}://{host}/v2/{path}/manifests/{tag}");
        if let Some(resolved) = self.resolved.get(&url) {
            return Ok(resolved.clone());
        }
        let resolved = self.ask(&url).with_context(|| url.clone())?;
        self.resolved.insert(url, resolved.clone());
        Ok(resolved)
    }

    fn ask(&mut self, url: &str) -> Result<Resolved> {
        // A question for the head alone counts for no limit of pulls.
        let response = self.authorized(Method::Head, url)?;
        let date = day(response.headers());
        let resolved = |digest| Resolved { digest, url: url.to_owned(), date };
        if response.status() == StatusCode::OK
            && let Some(digest) = stated(response.headers())?
        {
            return Ok(resolved(digest));
        }
        let mut response = self.authorized(Method::Get, url)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => bail!("there is no such tag or image (404)"),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                bail!("the image is not public, or there is none ({})", response.status().as_u16())
            }
            status => bail!("the registry answers {status}"),
        }
        let stated = stated(response.headers())?;
        let body = read(response.body_mut(), MAX_MANIFEST)?;
        let mut digest = "sha256:".to_owned();
        for byte in Sha256::digest(&body) {
            let _ = write!(digest, "{byte:02x}");
        }
        if let Some(stated) = stated.filter(|stated| *stated != digest) {
            bail!("the registry says {stated}, and what it sends is {digest}");
        }
        Ok(resolved(digest))
    }

    /// The answer to a request, with a token if the registry asks for one.
    fn authorized(&mut self, method: Method, url: &str) -> Result<Response<Body>> {
        let repository = url.rsplit_once('/').map_or(url, |(repository, _)| repository).to_owned();
        let token = self.tokens.get(&repository).cloned();
        let response = self.send(method, url, token.as_deref())?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(challenge) = challenge(response.headers()) else { return Ok(response) };
        let token = self.token(&challenge).context("no token was given")?;
        let response = self.send(method, url, Some(&token))?;
        self.tokens.insert(repository, token);
        Ok(response)
    }

    fn token(&self, challenge: &Challenge) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let mut url = challenge.realm.clone();
        for (at, (key, value)) in challenge.parameters.iter().enumerate() {
            url.push(if at == 0 && !url.contains('?') { '?' } else { '&' });
            url.push_str(key);
            url.push('=');
            push_encoded(value, &mut url);
        }
        let mut response = self.send(Method::Get, &url, None)?;
        ensure!(response.status() == StatusCode::OK, "{url} answers {}", response.status());
        let body = read(response.body_mut(), MAX_TOKEN)?;
        let answer: Answer =
            serde_json::from_slice(&body).with_context(|| format!("{url} gives no JSON"))?;
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
        token.with_context(|| format!("the answer of {url} has none"))
    }

    /// Sends a request, again if the server asks for patience.
    fn send(&self, method: Method, url: &str, token: Option<&str>) -> Result<Response<Body>> {
        let is_secure = url.starts_with("https://");
        if !is_secure {
            let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?']).next());
            ensure!(
                host.is_some_and(|host| self.insecure.iter().any(|one| one == host)),
                "{url} is not asked, since it has no TLS"
            );
        }
        for attempt in 1.. {
            let request = match method {
                Method::Head => self.agent.head(url),
                Method::Get => self.agent.get(url),
            };
            let mut request =
                request.config().https_only(is_secure).build().header("accept", ACCEPT);
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let response = request.call().map_err(|error| match error {
                ureq::Error::RequireHttpsOnly(to) => {
                    anyhow::anyhow!("it leads to {to}, which is not asked, since it has no TLS")
                }
                error => error.into(),
            })?;
            let status = response.status();
            let is_busy =
                matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !is_busy {
                return Ok(response);
            }
            let header = response.headers().get("retry-after");
            let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let wait = Duration::from_secs(seconds.unwrap_or(1));
            if wait > MAX_WAIT {
                bail!("the registry answers {status}, and asks to wait {} s", wait.as_secs());
            }
            if attempt == MAX_ATTEMPTS {
                bail!("the registry answers {status}, {MAX_ATTEMPTS} times");
            }
            thread::sleep(wait);
        }
        bail!("no request was sent")
    }
}

#[derive(Clone, Copy)]
enum Method {
    Head,
    Get,
}

impl Repository {
    /// The repository of an image's name, as container runtimes read it.
    fn of(name: &str) -> Result<Self> {
        let first = name.split('/').next().unwrap_or_default();
        let has_host = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
        let (host, path) =
            if has_host { name.split_once('/').unwrap_or_default() } else { ("docker.io", name) };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        let is_path = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        let has_names = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        ensure!(
            host.chars().all(is_host) && path.chars().all(is_path) && has_names,
            "`{name}` is no name of an image"
        );
        let is_hub = matches!(host, "docker.io" | "index.docker.io");
        Ok(Self {
            host: if is_hub { DOCKER_HUB } else { host }.to_owned(),
            path: if is_hub && !path.contains('/') {
                format!("library/{path}")
            } else {
                path.to_owned()
            },
        })
    }
}

/// All of a body that is not too long.
fn read(body: &mut Body, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    body.as_reader().take(limit + 1).read_to_end(&mut bytes).context("the answer breaks off")?;
    ensure!(bytes.len() as u64 <= limit, "the answer has more than {limit} bytes");
    Ok(bytes)
}

/// The digest that an answer names.
fn stated(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("docker-content-digest") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let is_digest = text
        .strip_prefix("sha256:")
        .is_some_and(|digits| digits.len() == 64 && digits.chars().all(is_hex));
    ensure!(is_digest, "the registry names `{text}`, which is no digest of SHA-256");
    Ok(Some(text.to_owned()))
}

/// What `WWW-Authenticate: Bearer realm="...",service="...",scope="..."` asks for.
fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let text = headers.get("www-authenticate")?.to_str().ok()?;
    let (scheme, mut rest) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut parameters) = (None, Vec::new());
    while let Some((key, after)) = rest.split_once('=') {
        // A comma within quotes belongs to the value.
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.find(',').map_or((after, ""), |at| after.split_at(at)),
        };
        rest = after.trim_start_matches([',', ' ']);
        match key.trim() {
            "realm" => realm = Some(value.to_owned()),
            key @ ("service" | "scope") => parameters.push((key.to_owned(), value.to_owned())),
            _ => {}
        }
    }
    Some(Challenge { realm: realm?, parameters })
}

/// Adds a text to the query of a URL.
fn push_encoded(text: &str, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// `2026-12-01` of `Date: Tue, 01 Dec 2026 10:00:00 GMT`.
fn day(headers: &HeaderMap) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = headers.get("date")?.to_str().ok()?;
    let mut words = text.split(' ').skip(1);
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (day, year): (u8, u16) = (day.parse().ok()?, year.parse().ok()?);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            ureq::http::HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )])
    }

    #[test]
    fn a_name_without_a_registry_is_one_of_docker_hub() {
        for (name, host, path) in [
            ("mongo", DOCKER_HUB, "library/mongo"),
            ("docker.io/mongo", DOCKER_HUB, "library/mongo"),
            ("curlimages/curl", DOCKER_HUB, "curlimages/curl"),
            ("quay.io/argoproj/argocd", "quay.io", "argoproj/argocd"),
            ("localhost/a", "localhost", "a"),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000", "a/b"),
        ] {
            let expected = Repository { host: host.to_owned(), path: path.to_owned() };
            assert_eq!(Repository::of(name).unwrap(), expected);
        }
        for name in ["a.io/../b", "a.io/B", "a.io/b?c", "a@b.io/c", "a.io/", ""] {
            assert!(Repository::of(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_challenge_is_read_with_its_quotes() {
        let read = |text| challenge(&headers("www-authenticate", text));
        let expected = Challenge {
            realm: "https://auth.io/token".to_owned(),
            parameters: vec![
                ("service".to_owned(), "a".to_owned()),
                ("scope".to_owned(), "repository:b:pull,push".to_owned()),
            ],
        };
        let text =
            "Bearer realm=\"https://auth.io/token\", service=a,scope=\"repository:b:pull,push\"";
        assert_eq!(read(text), Some(expected));
        for odd in
            ["Basic realm=\"a\"", "Bearer", "Bearer service=\"a\"", "Bearer realm=\"a", "Bearer ="]
        {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_day_is_read_from_the_date() {
        let day = |text| super::day(&headers("date", text));
        assert_eq!(day("Tue, 01 Dec 2026 10:00:00 GMT").as_deref(), Some("2026-12-01"));
        assert_eq!(day("yesterday"), None);
    }

    #[test]
    fn only_a_whole_digest_is_one() {
        let stated = |text: &str| super::stated(&headers("docker-content-digest", text));
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(stated(&digest).unwrap(), Some(digest));
        for wrong in
            ["sha256:0a", "md5:0a", "", "sha256:\"", &format!("sha256:{}", "0A".repeat(32))]
        {
            assert!(stated(wrong).is_err(), "{wrong}");
        }
        assert_eq!(super::stated(&HeaderMap::new()).unwrap(), None);
    }
}
