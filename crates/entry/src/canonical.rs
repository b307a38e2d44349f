use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use sigstead_crypto::sha256;

use crate::fields::Fields;
use crate::{Rejection, SearchField};

/// The exact bytes that become the leaf, and what is kept beside them: equal entries, equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Canonical {
    /// RFC 8785 JSON.
    pub body: Bytes,
    /// What the entry is found by: `sha256:<hex>`, key hashes, e-mail addresses and the like.
    pub search_values: Vec<String>,
    /// What is known of it by name: its kind, who signed it, what it is about.
    pub fields: Vec<(SearchField, String)>,
    /// What the log may store beside the entry: its key (`sha256:<hex>`) and the bytes.
    pub attestation: Option<(String, Bytes)>,
}

impl Canonical {
    /// A leaf; the strings in `spec` need no escape that RFC 8785 and `serde_json` write differently, for
    /// there is none, and its structs declare their fields in the order of their names.
    pub(crate) fn new(
        kind: &str,
        api_version: &str,
        spec: impl Serialize,
        search_values: Vec<String>,
    ) -> Result<Self, Rejection> {
        let body = serde_json::to_vec(&Frame { api_version, kind, spec });
        let body = body.map_err(|error| Rejection::entry(error.to_string()))?.into();
        Ok(Self {
            body,
            search_values,
            fields: vec![(SearchField::Kind, kind.to_owned())],
            attestation: None,
        })
    }

    /// Adds what is known by name.
    pub(crate) fn with_fields(mut self, fields: impl IntoIterator<Item = (SearchField, String)>) -> Self {
        self.fields.extend(fields);
        self
    }

    pub(crate) fn with_attestation(self, attestation: Option<(String, impl Into<Bytes>)>) -> Self {
        Self { attestation: attestation.map(|(key, data)| (key, data.into())), ..self }
    }
}

/// An entry's frame; fields stand in the order of their names, which is what RFC 8785 wants.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a, S> {
    api_version: &'a str,
    kind: &'a str,
    spec: S,
}

/// `{"algorithm":…,"value":…}`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Hash {
    pub(crate) algorithm: String,
    pub(crate) value: String,
}

impl Hash {
    pub(crate) fn sha256_of(bytes: &[u8]) -> Self {
        Self { algorithm: "sha256".to_owned(), value: hex::encode(sha256(bytes)) }
    }

    /// `sha256:<hex>`.
    pub(crate) fn prefixed(&self) -> String {
        format!("{}:{}", self.algorithm, self.value)
    }
}

/// The key under which a committed entry's attestation is kept, if its kind has one.
pub fn attestation_key(body: &[u8]) -> Option<String> {
    let entry: Value = serde_json::from_slice(body).ok()?;
    let entry = Fields::of(Some(&entry));
    let spec = entry.object("spec");
    let hash = match entry.text("kind")? {
        "intoto" => spec.object("content").object("payloadHash"),
        "cose" => spec.object("data").object("envelopeHash"),
        _ => return None,
    };
    Some(format!("{}:{}", hash.text("algorithm")?, hash.text("value")?))
}
