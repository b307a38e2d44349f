//! intoto 0.0.1 and 0.0.2: a DSSE envelope whose payload the log may keep as an attestation.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::dsse::committed_hash;
use crate::envelope::{Envelope, EnvelopeSignature};
use crate::fields::{Fields, base64, either_base64};
use crate::pki::{SshKey, Verifier};

/// Decoded 0.0.1; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct IntotoV001 {
    verifier: Verifier,
    content: ContentV001,
}

#[derive(Debug, Clone)]
enum ContentV001 {
    Proposed {
        text: String,
        envelope: Envelope,
    },
    /// As the log keeps it; very old entries have no payload hash.
    Committed {
        hash: Hash,
        payload_hash: Option<Hash>,
    },
}

impl IntotoV001 {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let content = spec.object("content");
        let mut complaints = Vec::new();
        for (name, present) in
            [("content", content.is_present()), ("publicKey", spec.text("publicKey").is_some())]
        {
            if !present {
                complaints.push(format!("{name} in body is required"));
            }
        }
        if !complaints.is_empty() {
            return Err(Rejection::validation(&complaints));
        }
        let key = spec.bytes("publicKey").ok_or_else(|| Rejection::entry("publicKey is not base64"))?;
        let content = match content.text("envelope").filter(|text| !text.is_empty()) {
            Some(text) => {
                let envelope = Envelope::parse(text).map_err(Rejection::Entry)?;
                ContentV001::Proposed { text: text.to_owned(), envelope }
            }
            None => ContentV001::Committed {
                hash: committed_hash(content.object("hash"))
                    .ok_or_else(|| Rejection::entry("entry not insertable into log: missing envelope"))?,
                payload_hash: committed_hash(content.object("payloadHash")),
            },
        };
        Ok(Self { verifier: Verifier::from_pem(&key)?, content })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        matches!(self.content, ContentV001::Proposed { .. })
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let ContentV001::Proposed { envelope, .. } = &self.content else { return self.canonicalize() };
        let signed = envelope.signed_bytes();
        let key_id = SshKey::of(self.verifier.key.clone()).fingerprint();
        let by_key = |signature: &EnvelopeSignature| {
            let is_meant = signature.key_id.is_empty() || signature.key_id == key_id;
            is_meant && self.verifier.verify(&signed, &signature.bytes).is_ok()
        };
        if envelope.signatures.iter().any(by_key) {
            self.canonicalize()
        } else {
            Err(Rejection::entry("accepted signatures do not match threshold, Found: 0, Expected 1"))
        }
    }

    fn canonicalize(self) -> Result<Canonical, Rejection> {
        let mut search_values: Vec<String> = self.verifier.search_values().collect();
        let mut fields: Vec<_> = self.verifier.search_fields().collect();
        let mut attestation = None;
        let (hash, payload_hash) = match self.content {
            ContentV001::Committed { hash, payload_hash } => (hash, payload_hash),
            ContentV001::Proposed { text, envelope } => {
                let (hash, payload_hash) =
                    (Hash::sha256_of(text.as_bytes()), Hash::sha256_of(&envelope.payload));
                search_values.extend([hash.prefixed(), payload_hash.prefixed()]);
                let about = envelope.about();
                search_values.extend(about.digests);
                fields.extend(about.fields);
                attestation = Some((payload_hash.prefixed(), envelope.payload));
                (hash, Some(payload_hash))
            }
        };
        let spec = SpecV001 {
            content: HashesV001 { hash, payload_hash },
            public_key: BASE64_STANDARD.encode(self.verifier.canonical()),
        };
        let leaf = Canonical::new("intoto", "0.0.1", spec, search_values)?;
        Ok(leaf.with_fields(fields).with_attestation(attestation))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpecV001 {
    content: HashesV001,
    public_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HashesV001 {
    hash: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hash: Option<Hash>,
}

/// Decoded 0.0.2; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct IntotoV002 {
    envelope: Envelope,
    /// The signatures as they were sent, with their keys.
    signatures: Vec<SignatureV002>,
    verifiers: Vec<Verifier>,
    hash: Hash,
    /// The payload's own hash, or the given one where the payload is gone.
    payload_hash: Hash,
    has_payload: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct SignatureV002 {
    #[serde(skip_serializing_if = "String::is_empty")]
    keyid: String,
    public_key: String,
    sig: String,
}

impl IntotoV002 {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let content = Fields::of(Some(spec)).object("content");
        let sent = content.object("envelope");
        if !content.is_present() || !sent.is_present() {
            let missing = if content.is_present() { "content.envelope" } else { "content" };
            return Err(Rejection::validation(&[format!("{missing} in body is required")]));
        }
        let signatures: Vec<SignatureV002> =
            sent.list("signatures").iter().enumerate().map(signature_v002).collect::<Result<_, _>>()?;
        if signatures.is_empty() {
            return Err(Rejection::validation(&[
                "content.envelope.signatures in body is required".to_owned()
            ]));
        }
        let hash = committed_hash(content.object("hash"))
            .ok_or_else(|| Rejection::entry("content.hash must be the SHA-256 of the envelope"))?;
        let payload = sent.text("payload").map(twice_decoded).transpose()?;
        let verifiers = signatures.iter().map(|signature| {
            let pem = base64(&signature.public_key);
            Verifier::from_pem(&pem.ok_or_else(|| Rejection::entry("publicKey is not base64"))?)
        });
        let decoded = signatures.iter().map(|signature| {
            Ok(EnvelopeSignature {
                text: signature.sig.clone(),
                bytes: twice_decoded(&signature.sig)?,
                key_id: signature.keyid.clone(),
            })
        });
        let payload_hash = match &payload {
            Some(payload) => Hash::sha256_of(payload),
            None => committed_hash(content.object("payloadHash"))
                .ok_or_else(|| Rejection::entry("entry not insertable into log: missing payload"))?,
        };
        Ok(Self {
            verifiers: verifiers.collect::<Result<_, _>>()?,
            has_payload: payload.is_some(),
            envelope: Envelope {
                payload_type: sent.text("payloadType").unwrap_or_default().to_owned(),
                payload: payload.unwrap_or_default(),
                signatures: decoded.collect::<Result<_, Rejection>>()?,
            },
            signatures,
            hash,
            payload_hash,
        })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.has_payload
    }

    /// Every signature by the key that stands with it.
    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        if !self.has_payload {
            return self.canonicalize();
        }
        let signed = self.envelope.signed_bytes();
        let mut pairs = self.verifiers.iter().zip(&self.envelope.signatures);
        if pairs.all(|(verifier, signature)| verifier.verify(&signed, &signature.bytes).is_ok()) {
            self.canonicalize()
        } else {
            Err(Rejection::entry(
                "could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
            ))
        }
    }

    fn canonicalize(self) -> Result<Canonical, Rejection> {
        let mut search_values: Vec<String> =
            self.verifiers.iter().flat_map(Verifier::search_values).collect();
        search_values.push(self.payload_hash.prefixed());
        let about = self.envelope.about();
        search_values.extend(about.digests);
        let signed_by = self.verifiers.iter().flat_map(Verifier::search_fields);
        let fields: Vec<_> = signed_by.chain(about.fields).collect();
        let attestation = self.has_payload.then(|| (self.payload_hash.prefixed(), self.envelope.payload));
        let spec = SpecV002 {
            content: ContentV002 {
                envelope: EnvelopeV002 {
                    payload_type: self.envelope.payload_type,
                    signatures: self.signatures,
                },
                hash: self.hash,
                payload_hash: self.payload_hash,
            },
        };
        let leaf = Canonical::new("intoto", "0.0.2", spec, search_values)?;
        Ok(leaf.with_fields(fields).with_attestation(attestation))
    }
}

#[derive(Serialize)]
struct SpecV002 {
    content: ContentV002,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContentV002 {
    envelope: EnvelopeV002,
    hash: Hash,
    payload_hash: Hash,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeV002 {
    payload_type: String,
    signatures: Vec<SignatureV002>,
}

fn signature_v002((position, sent): (usize, &Value)) -> Result<SignatureV002, Rejection> {
    let sent = Fields::of(Some(sent));
    let needed = |name: &str| {
        let missing = || {
            Rejection::validation(&[format!(
                "content.envelope.signatures.{position}.{name} in body is required"
            )])
        };
        sent.text(name).map(str::to_owned).ok_or_else(missing)
    };
    Ok(SignatureV002 {
        keyid: sent.text("keyid").unwrap_or_default().to_owned(),
        public_key: needed("publicKey")?,
        sig: needed("sig")?,
    })
}

/// The API's bytes hold DSSE's base64 text.
fn twice_decoded(text: &str) -> Result<Vec<u8>, Rejection> {
    let once = base64(text).and_then(|once| String::from_utf8(once).ok());
    let twice = once.and_then(|once| either_base64(&once));
    twice.ok_or_else(|| Rejection::entry("payload and signatures must be base64 of base64"))
}
