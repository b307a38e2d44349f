//! dsse 0.0.1: a DSSE envelope of which only hashes and signatures are kept.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::envelope::Envelope;
use crate::fields::{Fields, base64, is_sha256};
use crate::pki::Verifier;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) enum Dsse {
    /// With the envelope.
    Proposed { text: String, envelope: Envelope, verifiers: Vec<Verifier> },
    /// As the log keeps it: to be looked up, not to be inserted.
    Committed(Spec),
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    envelope_hash: Hash,
    payload_hash: Hash,
    signatures: Vec<SignedBy>,
}

#[derive(Debug, Clone, Serialize)]
struct SignedBy {
    signature: String,
    verifier: String,
}

impl Dsse {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let proposed = spec.object("proposedContent");
        let committed = ["signatures", "envelopeHash", "payloadHash"];
        match (proposed.is_present(), committed.iter().any(|name| spec.value(name).is_some())) {
            (true, false) => Self::parse_proposed(proposed),
            (false, true) => Self::parse_committed(spec).map(Self::Committed),
            _ => Err(Rejection::entry(
                "either proposedContent or envelopeHash, payloadHash, and signatures must be present but not both",
            )),
        }
    }

    fn parse_proposed(proposed: Fields<'_>) -> Result<Self, Rejection> {
        let path = "proposedContent.proposedContent";
        let mut complaints = Vec::new();
        if proposed.text("envelope").is_none() {
            complaints.push(format!("{path}.envelope in body is required"));
        }
        match proposed.value("verifiers") {
            None => complaints.push(format!("{path}.verifiers in body is required")),
            Some(list) if list.as_array().is_none_or(Vec::is_empty) => {
                complaints.push(format!("{path}.verifiers in body should have at least 1 items"));
            }
            Some(_) => {}
        }
        if !complaints.is_empty() {
            return Err(Rejection::validation(&complaints));
        }
        let text = proposed.text("envelope").unwrap_or_default().to_owned();
        let envelope = Envelope::parse(&text).map_err(Rejection::Entry)?;
        if envelope.signatures.is_empty() {
            return Err(Rejection::entry("DSSE envelope must contain 1 or more signatures"));
        }
        let verifiers = proposed.list("verifiers").iter().map(|verifier| {
            let pem = verifier.as_str().and_then(base64);
            Verifier::from_pem(&pem.ok_or_else(|| Rejection::entry("could not parse public key as x509"))?)
        });
        Ok(Self::Proposed { text, verifiers: verifiers.collect::<Result<_, _>>()?, envelope })
    }

    fn parse_committed(spec: Fields<'_>) -> Result<Spec, Rejection> {
        let signatures = spec.list("signatures").iter().map(|signed| {
            let signed = Fields::of(Some(signed));
            let text = |name| signed.text(name).map(str::to_owned);
            Some(SignedBy { signature: text("signature")?, verifier: text("verifier")? })
        });
        let spec = committed_hash(spec.object("envelopeHash"))
            .zip(committed_hash(spec.object("payloadHash")))
            .zip(signatures.collect::<Option<Vec<_>>>().filter(|signatures| !signatures.is_empty()))
            .map(|((envelope_hash, payload_hash), signatures)| Spec {
                envelope_hash,
                payload_hash,
                signatures,
            });
        spec.ok_or_else(|| Rejection::entry("envelopeHash, payloadHash and signatures must all be present"))
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        matches!(self, Self::Proposed { .. })
    }

    /// Each key in turn must verify a signature, until all are verified.
    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let (text, envelope, verifiers) = match self {
            Self::Committed(spec) => return canonical_again(spec),
            Self::Proposed { text, envelope, verifiers } => (text, envelope, verifiers),
        };
        let signed = envelope.signed_bytes();
        // One that is there twice counts once.
        let mut texts = HashSet::new();
        let numbered = envelope.signatures.iter().enumerate();
        let mut unclaimed: Vec<usize> =
            numbered.filter(|(_, signature)| texts.insert(&signature.text)).map(|(at, _)| at).collect();
        let mut signatures = Vec::new();
        let (mut search_values, mut fields) = (Vec::new(), Vec::new());
        for verifier in &verifiers {
            if unclaimed.is_empty() {
                break;
            }
            // A key claims the first signature that it verifies, even if a key before it did: Rekor's rule,
            // by which two signatures of one key are never logged.
            let mut numbered = envelope.signatures.iter().enumerate();
            let first = numbered.find(|(_, signature)| verifier.verify(&signed, &signature.bytes).is_ok());
            let (position, claimed) = first.ok_or_else(threshold)?;
            if !unclaimed.contains(&position) {
                continue;
            }
            unclaimed.retain(|other| *other != position);
            // The log's own format takes the standard alphabet only; another would be refused on every read.
            if BASE64_STANDARD.decode(&claimed.text).is_err() {
                return Err(Rejection::entry("signatures must be in standard base64"));
            }
            let canonical = BASE64_STANDARD.encode(verifier.canonical());
            signatures.push(SignedBy { signature: claimed.text.clone(), verifier: canonical });
            search_values.extend(verifier.search_values());
            fields.extend(verifier.search_fields());
        }
        if !unclaimed.is_empty() {
            return Err(Rejection::entry("all signatures must have a key that verifies it"));
        }
        signatures.sort_by(|a, b| a.signature.cmp(&b.signature));
        let (envelope_hash, payload_hash) =
            (Hash::sha256_of(text.as_bytes()), Hash::sha256_of(&envelope.payload));
        search_values.extend([payload_hash.prefixed(), envelope_hash.prefixed()]);
        let about = envelope.about();
        search_values.extend(about.digests);
        let leaf = canonical(Spec { envelope_hash, payload_hash, signatures }, search_values)?;
        Ok(leaf.with_fields(fields).with_fields(about.fields))
    }
}

/// The leaf of a committed entry, with what its keys and hashes still tell; what it was about is gone.
fn canonical_again(spec: Spec) -> Result<Canonical, Rejection> {
    let keys =
        spec.signatures.iter().filter_map(|signed| Verifier::from_pem(&base64(&signed.verifier)?).ok());
    let keys: Vec<Verifier> = keys.collect();
    let mut search_values: Vec<String> = keys.iter().flat_map(Verifier::search_values).collect();
    search_values.extend([spec.payload_hash.prefixed(), spec.envelope_hash.prefixed()]);
    let fields: Vec<_> = keys.iter().flat_map(Verifier::search_fields).collect();
    Ok(canonical(spec, search_values)?.with_fields(fields))
}

fn canonical(spec: Spec, search_values: Vec<String>) -> Result<Canonical, Rejection> {
    Canonical::new("dsse", "0.0.1", spec, search_values)
}

/// A hash of a committed entry.
pub(crate) fn committed_hash(hash: Fields<'_>) -> Option<Hash> {
    let (algorithm, value) = (hash.text("algorithm")?, hash.text("value")?);
    (algorithm == "sha256" && is_sha256(value))
        .then(|| Hash { algorithm: algorithm.to_owned(), value: value.to_owned() })
}

fn threshold() -> Rejection {
    Rejection::entry(
        "could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
    )
}
