//! `{"content": …, "hash": …}`: bytes that entries carry in base64, and the hashes that stay of those that are left out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::Rejection;
use crate::canonical::Hash;
use crate::fields::{Fields, decode_base64, is_sha256};

/// Bytes that an entry keeps.
#[derive(Serialize)]
pub(crate) struct Content {
    content: String,
}

impl Content {
    pub(crate) fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self { content: BASE64_STANDARD.encode(bytes) }
    }
}

/// A signature, and the key that it is checked with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signature {
    content: String,
    public_key: Content,
}

impl Signature {
    pub(crate) fn of(signature: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self { content: BASE64_STANDARD.encode(signature), public_key: Content::of(key) }
    }
}

/// An object's `content`; an empty one is an absent one.
pub(crate) fn content(object: Fields<'_>, what: &str) -> Result<Option<Vec<u8>>, Rejection> {
    let text = object.text("content").filter(|text| !text.is_empty());
    let failed = |why| Rejection::entry(format!("failed parsing base64 data for {what}: {why}"));
    text.map(|text| decode_base64(text).map_err(failed)).transpose()
}

/// Why an entry without the content of `what` is not taken.
pub(crate) fn no_content(what: &str) -> Rejection {
    Rejection::entry(format!("'content' must be specified for {what}"))
}

/// What an entry is about.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) hash: Hash,
    /// A committed entry lacks them.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Artifact {
    /// Its hash is that of its bytes, and the given one if one is given; without bytes, what is given.
    pub(crate) fn new(bytes: Option<Vec<u8>>, given: Fields<'_>, what: &str) -> Result<Self, Rejection> {
        let given = given.text("value");
        if given.is_some_and(|given| !is_sha256(given)) {
            return Err(Rejection::entry("invalid value for hash"));
        }
        let hash = match (bytes.as_deref().map(Hash::sha256_of), given) {
            (Some(computed), Some(given)) if computed.value != given => {
                return Err(Rejection::entry(format!("SHA mismatch: {} != {given}", computed.value)));
            }
            (Some(computed), _) => computed,
            (None, Some(given)) => Hash { algorithm: "sha256".to_owned(), value: given.to_owned() },
            (None, None) => return Err(no_content(what)),
        };
        Ok(Self { hash, bytes })
    }
}

/// The schema's complaint about the artifact that is the field `name` of an entry.
pub(crate) fn artifact_complaint(spec: Fields<'_>, name: &str) -> Option<String> {
    let (artifact, hash) = (spec.object(name), spec.object(name).object("hash"));
    let path = format!("{name}.{name}.hash.{name}.hash");
    match (hash.text("algorithm"), hash.text("value")) {
        _ if !artifact.is_present() => Some(required(name)),
        _ if !hash.is_present() => None,
        (None, _) => Some(required(&format!("{path}.algorithm"))),
        (Some(algorithm), _) if algorithm != "sha256" => {
            Some(format!("{path}.algorithm in body should be one of [sha256]"))
        }
        (_, None) => Some(required(&format!("{path}.value"))),
        _ => None,
    }
}

/// The schema's complaint about a field that is not there.
pub(crate) fn required(field: &str) -> String {
    format!("{field} in body is required")
}

/// Refuses an entry that the schema has complaints about.
pub(crate) fn check(complaints: impl IntoIterator<Item = Option<String>>) -> Result<(), Rejection> {
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    if complaints.is_empty() { Ok(()) } else { Err(Rejection::validation(&complaints)) }
}
