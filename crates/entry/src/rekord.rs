//! rekord 0.0.1: a file's detached signature, in one of several formats.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::fields::{Fields, decode_base64, is_sha256};
use crate::pki::{Detached, KeyFormat, key_search_values};

/// Formats of keys that files are signed with; of the others there are no detached signatures.
const FORMATS: [&str; 4] = ["pgp", "minisign", "x509", "ssh"];

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Rekord {
    /// By its name in the API.
    format: &'static str,
    signed: Detached,
    hash: Hash,
    /// The file; a committed entry lacks it.
    content: Option<Vec<u8>>,
}

impl Rekord {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let (data, signature) = (spec.object("data"), spec.object("signature"));
        let key = signature.object("publicKey");
        let signature_bytes = content(signature, "signature content")?;
        let key_bytes = content(key, "signature publicKey content")?;
        let content = content(data, "data content")?;
        validate(spec, signature_bytes.is_some(), key_bytes.is_some())?;
        let (name, format) = format(signature).ok_or_else(|| Rejection::entry("missing signature format"))?;
        let hash = hash(data.object("hash"), content.as_deref())?;
        let empty = |what| move || Rejection::entry(format!("'content' must be specified for {what}"));
        let signature_bytes = signature_bytes.ok_or_else(empty("signature"))?;
        let key_bytes = key_bytes.ok_or_else(empty("publicKey"))?;
        let signed = Detached::parse(format, &signature_bytes, &key_bytes)?;
        Ok(Self { format: name, signed, hash, content })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.content.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        if let Some(content) = &self.content {
            self.signed.verify(content)?;
        }
        self.canonicalize()
    }

    fn canonicalize(self) -> Result<Canonical, Rejection> {
        let key = self.signed.canonical_key();
        let mut search_values: Vec<String> = key_search_values(&key, self.signed.subjects()).collect();
        search_values.push(self.hash.prefixed());
        let fields = self.signed.search_fields();
        let spec = Spec {
            data: Data { hash: self.hash },
            signature: Signature {
                content: BASE64_STANDARD.encode(self.signed.canonical_signature()),
                format: self.format,
                public_key: PublicKey { content: BASE64_STANDARD.encode(key) },
            },
        };
        Ok(Canonical::new("rekord", "0.0.1", spec, search_values)?.with_fields(fields))
    }
}

#[derive(Serialize)]
struct Spec {
    data: Data,
    signature: Signature,
}

#[derive(Serialize)]
struct Data {
    hash: Hash,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    content: String,
    format: &'static str,
    public_key: PublicKey,
}

#[derive(Serialize)]
struct PublicKey {
    content: String,
}

/// An object's `content`; an empty one is an absent one.
fn content(object: Fields<'_>, what: &str) -> Result<Option<Vec<u8>>, Rejection> {
    let text = object.text("content").filter(|text| !text.is_empty());
    let failed = |why| Rejection::entry(format!("failed parsing base64 data for {what}: {why}"));
    text.map(|text| decode_base64(text).map_err(failed)).transpose()
}

fn format(signature: Fields<'_>) -> Option<(&'static str, KeyFormat)> {
    let name = signature.text("format")?;
    let name = FORMATS.into_iter().find(|known| *known == name)?;
    KeyFormat::from_name(name).map(|format| (name, format))
}

/// The content's hash, which is the given one if one is given; without content, what is given.
fn hash(given: Fields<'_>, content: Option<&[u8]>) -> Result<Hash, Rejection> {
    let computed = content.map(Hash::sha256_of);
    let given = given.text("value");
    match given {
        Some("") => return Err(Rejection::entry("missing hash value")),
        Some(value) if !is_sha256(value) => return Err(Rejection::entry("invalid value for hash")),
        _ => {}
    }
    match (computed, given) {
        (Some(computed), Some(given)) if computed.value != given => {
            Err(Rejection::entry(format!("SHA mismatch: {} != {given}", computed.value)))
        }
        (Some(computed), _) => Ok(computed),
        (None, Some(given)) => Ok(Hash { algorithm: "sha256".to_owned(), value: given.to_owned() }),
        (None, None) => Err(Rejection::entry("'content' must be specified for data")),
    }
}

/// The schema's complaints, in Rekor's words and with Rekor's economy: the first about each object.
fn validate(spec: Fields<'_>, has_signature: bool, has_key: bool) -> Result<(), Rejection> {
    let (data, signature) = (spec.object("data"), spec.object("signature"));
    let complaints: Vec<String> = [
        if data.is_present() { hash_complaint(data.object("hash")) } else { required("data") },
        if signature.is_present() {
            signature_complaint(signature, has_signature, has_key)
        } else {
            required("signature")
        },
    ]
    .into_iter()
    .flatten()
    .collect();
    if complaints.is_empty() { Ok(()) } else { Err(Rejection::validation(&complaints)) }
}

fn hash_complaint(hash: Fields<'_>) -> Option<String> {
    let path = "data.data.hash.data.hash";
    match (hash.text("algorithm"), hash.text("value")) {
        _ if !hash.is_present() => None,
        (None, _) => required(&format!("{path}.algorithm")),
        (Some(name), _) if name != "sha256" => {
            Some(format!("{path}.algorithm in body should be one of [sha256]"))
        }
        (_, None) => required(&format!("{path}.value")),
        _ => None,
    }
}

fn signature_complaint(signature: Fields<'_>, has_content: bool, has_key: bool) -> Option<String> {
    let path = "signature.signature";
    if !has_content {
        return required(&format!("{path}.content"));
    }
    if signature.text("format").is_none() {
        return required(&format!("{path}.format"));
    }
    if format(signature).is_none() {
        return Some(format!("{path}.format in body should be one of [{}]", FORMATS.join(" ")));
    }
    match (signature.object("publicKey").is_present(), has_key) {
        (false, _) => required(&format!("{path}.publicKey")),
        (true, false) => required(&format!("{path}.publicKey.signature.publicKey.content")),
        (true, true) => None,
    }
}

fn required(field: &str) -> Option<String> {
    Some(format!("{field} in body is required"))
}
