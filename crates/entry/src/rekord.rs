//! rekord 0.0.1: a file's detached signature, in one of several formats.

use serde::Serialize;
use serde_json::Value;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::content::{Artifact, Content, artifact_complaint, check, content, no_content, required};
use crate::fields::Fields;
use crate::pki::{Detached, KeyFormat, key_search_values};

/// Formats of keys that files are signed with; of the others there are no detached signatures.
const FORMATS: [&str; 4] = ["pgp", "minisign", "x509", "ssh"];

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Rekord {
    /// By its name in the API.
    format: &'static str,
    signed: Detached,
    file: Artifact,
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
        if data.object("hash").text("value") == Some("") {
            return Err(Rejection::entry("missing hash value"));
        }
        let file = Artifact::new(content, data.object("hash"), "data")?;
        let signature_bytes = signature_bytes.ok_or_else(|| no_content("signature"))?;
        let key_bytes = key_bytes.ok_or_else(|| no_content("publicKey"))?;
        let signed = Detached::parse(format, &signature_bytes, &key_bytes)?;
        Ok(Self { format: name, signed, file })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.file.bytes.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        if let Some(content) = &self.file.bytes {
            self.signed.verify(content)?;
        }
        self.canonicalize()
    }

    fn canonicalize(self) -> Result<Canonical, Rejection> {
        let key = self.signed.canonical_key();
        let mut search_values: Vec<String> = key_search_values(&key, self.signed.subjects()).collect();
        search_values.push(self.file.hash.prefixed());
        let fields = self.signed.search_fields();
        let spec = Spec {
            data: Data { hash: self.file.hash },
            signature: Signature {
                content: Content::of(self.signed.canonical_signature()),
                format: self.format,
                public_key: Content::of(key),
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
    #[serde(flatten)]
    content: Content,
    format: &'static str,
    public_key: Content,
}

fn format(signature: Fields<'_>) -> Option<(&'static str, KeyFormat)> {
    let name = signature.text("format")?;
    let name = FORMATS.into_iter().find(|known| *known == name)?;
    KeyFormat::from_name(name).map(|format| (name, format))
}

/// The schema's complaints, in Rekor's words and with Rekor's economy: the first about each object.
fn validate(spec: Fields<'_>, has_signature: bool, has_key: bool) -> Result<(), Rejection> {
    let signature = spec.object("signature");
    let of_signature = if signature.is_present() {
        signature_complaint(signature, has_signature, has_key)
    } else {
        Some(required("signature"))
    };
    check([artifact_complaint(spec, "data"), of_signature])
}

fn signature_complaint(signature: Fields<'_>, has_content: bool, has_key: bool) -> Option<String> {
    let path = "signature.signature";
    if !has_content {
        return Some(required(&format!("{path}.content")));
    }
    if signature.text("format").is_none() {
        return Some(required(&format!("{path}.format")));
    }
    if format(signature).is_none() {
        return Some(format!("{path}.format in body should be one of [{}]", FORMATS.join(" ")));
    }
    match (signature.object("publicKey").is_present(), has_key) {
        (false, _) => Some(required(&format!("{path}.publicKey"))),
        (true, false) => Some(required(&format!("{path}.publicKey.signature.publicKey.content"))),
        (true, true) => None,
    }
}
