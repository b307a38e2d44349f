use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_entry::{Fields, KeyFormat};

use super::error::{Error, class};
use super::request;
use super::response::json;
use crate::RekorLog;

const HASH_PATTERN: &str =
    "^(sha512:)?[0-9a-fA-F]{128}$|^(sha256:)?[0-9a-fA-F]{64}$|^(sha1:)?[0-9a-fA-F]{40}$";
/// Longest subject.
const MAX_SUBJECT: usize = 512;

/// `POST /api/v1/index/retrieve`
pub(super) async fn search(
    State(log): State<Arc<RekorLog>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let missing = || Error::invalid(class::MISSING, "query in body is required");
    let query = request::json(&request::whole(body, log.limits.body)?)?.ok_or_else(missing)?;
    let query = request::fields(&query)?;
    let (values, all) = (values(query)?, wants_all(query)?);
    let mut found: Option<Vec<String>> = None;
    for value in values {
        let ids: Vec<String> = log.search(&value).await?.iter().map(ToString::to_string).collect();
        found = Some(match found {
            None => ids,
            Some(before) => combine(before, ids, all),
        });
    }
    Ok(json(StatusCode::OK, &found.unwrap_or_default()))
}

fn combine(before: Vec<String>, more: Vec<String>, all: bool) -> Vec<String> {
    if all {
        let more: HashSet<String> = more.into_iter().collect();
        return before.into_iter().filter(|id| more.contains(id)).collect();
    }
    let known: HashSet<String> = before.iter().cloned().collect();
    before.into_iter().chain(more.into_iter().filter(|id| !known.contains(id))).collect()
}

/// What the fields are looked up by.
fn values(query: Fields<'_>) -> Result<Vec<String>, Error> {
    let mut values = Vec::new();
    if let Some(email) = request::text(query, "email")? {
        let wrong =
            || Error::invalid(class::WRONG_TYPE, format!("email in body must be of type email: \"{email}\""));
        values.push(Some(email).filter(|email| is_email(email)).ok_or_else(wrong)?.to_owned());
    }
    if let Some(hash) = request::text(query, "hash")? {
        let wrong = || Error::invalid(class::PATTERN, format!("hash in body should match '{HASH_PATTERN}'"));
        values.push(prefixed(hash).ok_or_else(wrong)?);
    }
    if let Some(key) = query.value("publicKey") {
        values.push(key_hash(request::fields(key)?)?);
    }
    if let Some(subject) = request::text(query, "subject")? {
        let length = subject.chars().count();
        if length == 0 {
            return Err(Error::invalid(class::TOO_SHORT, "subject in body should be at least 1 chars long"));
        }
        if length > MAX_SUBJECT {
            let message = format!("subject in body should be at most {MAX_SUBJECT} chars long");
            return Err(Error::invalid(class::TOO_LONG, message));
        }
        values.push(subject.to_owned());
    }
    Ok(values)
}

fn wants_all(query: Fields<'_>) -> Result<bool, Error> {
    match request::text(query, "operator")? {
        None | Some("or") => Ok(false),
        Some("and") => Ok(true),
        Some(_) => Err(Error::invalid(class::ENUM, "operator in body should be one of [and or]")),
    }
}

/// A digest with its algorithm; a bare one's is told by its length.
fn prefixed(hash: &str) -> Option<String> {
    let (algorithm, digits) = match hash.split_once(':') {
        Some((algorithm, digits)) => (algorithm, digits),
        None => (algorithm_of(hash.len())?, hash),
    };
    let is_one = algorithm_of(digits.len()) == Some(algorithm)
        && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_one.then(|| format!("{algorithm}:{digits}"))
}

const fn algorithm_of(digits: usize) -> Option<&'static str> {
    match digits {
        40 => Some("sha1"),
        64 => Some("sha256"),
        128 => Some("sha512"),
        _ => None,
    }
}

fn key_hash(key: Fields<'_>) -> Result<String, Error> {
    let Some(name) = key.text("format") else {
        return Err(Error::invalid(class::MISSING, "publicKey.publicKey.format in body is required"));
    };
    let format = KeyFormat::from_name(name).ok_or_else(|| {
        let message = "publicKey.publicKey.format in body should be one of [pgp x509 minisign ssh tuf]";
        Error::invalid(class::ENUM, message)
    })?;
    let content = key.text("content").and_then(|content| BASE64_STANDARD.decode(content).ok());
    let hash = content.and_then(|content| format.key_hash(&content).ok());
    hash.ok_or_else(|| Error::bad_request("public key provided could not be parsed"))
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !text.chars().any(|c| c.is_whitespace() || c == '<' || c == '>')
    })
}
