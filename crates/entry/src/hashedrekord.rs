//! hashedrekord 0.0.1: a signature over a digest.

use serde::Serialize;
use serde_json::Value;
use sigstead_crypto::{HashAlgorithm, PublicKeyKind, VerifyError};

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::content::Signature;
use crate::fields::Fields;
use crate::pki::Verifier;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct HashedRekord {
    algorithm: HashAlgorithm,
    /// As it was sent: its letter case is part of the leaf.
    value: String,
    digest: Vec<u8>,
    signature: Vec<u8>,
    verifier: Verifier,
}

impl HashedRekord {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        validate(spec)?;
        let (hash, signature) = (spec.object("data").object("hash"), spec.object("signature"));
        let missing = |what| Rejection::entry(format!("entry not insertable into log: missing {what}"));
        let content = signature.bytes("content").ok_or_else(|| missing("signature"))?;
        let key = signature.object("publicKey").bytes("content").ok_or_else(|| missing("public key"))?;
        let value = hash.text("value").ok_or_else(|| missing("data"))?;
        let invalid = || Rejection::entry("invalid value for hash");
        let algorithm = hash.text("algorithm").and_then(HashAlgorithm::from_name).ok_or_else(invalid)?;
        let digest =
            hex::decode(value).ok().filter(|digest| digest.len() == algorithm.len()).ok_or_else(invalid)?;
        let verifier = Verifier::from_pem(&key)?;
        Ok(Self { algorithm, value: value.to_owned(), digest, signature: content, verifier })
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let is_allowed = self.is_allowed();
        let canonical = self.verify_taken()?;
        if is_allowed { Ok(canonical) } else { Err(Rejection::entry("entry algorithms are not allowed")) }
    }

    /// One that a log has taken, which may have been before there was a list of algorithms.
    pub(crate) fn verify_taken(self) -> Result<Canonical, Rejection> {
        self.verifier.check_chain()?;
        let verified = self.verifier.key.verify_digest(self.algorithm, &self.digest, &self.signature);
        verified.map_err(|error| Rejection::entry(format!("verifying signature: {}", self.why(error))))?;
        self.canonicalize()
    }

    /// Rekor's default list of algorithms: each key with the hash of its strength.
    fn is_allowed(&self) -> bool {
        matches!(
            (self.verifier.key.kind(), self.algorithm),
            (
                PublicKeyKind::Rsa { bits: 2048 | 3072 | 4096 } | PublicKeyKind::EcdsaP256,
                HashAlgorithm::Sha256
            ) | (PublicKeyKind::EcdsaP384, HashAlgorithm::Sha384)
                | (PublicKeyKind::EcdsaP521 | PublicKeyKind::Ed25519, HashAlgorithm::Sha512)
        )
    }

    /// What Go's verifiers say.
    fn why(&self, error: VerifyError) -> String {
        match (self.verifier.key.kind(), error) {
            (PublicKeyKind::Ed25519, VerifyError::HashNotAllowed) => {
                let name = self.algorithm.name().replace("sha", "SHA-");
                format!("unsupported hash algorithm: \"{name}\" not in [SHA-512]")
            }
            (PublicKeyKind::Ed25519, _) => {
                "failed to verify signature: ed25519: invalid signature".to_owned()
            }
            (PublicKeyKind::Rsa { .. }, _) => "crypto/rsa: verification error".to_owned(),
            _ => "invalid signature when validating ASN.1 encoded signature".to_owned(),
        }
    }

    fn canonicalize(self) -> Result<Canonical, Rejection> {
        let key = self.verifier.canonical();
        let spec = Spec {
            data: Data {
                hash: Hash { algorithm: self.algorithm.name().to_owned(), value: self.value.clone() },
            },
            signature: Signature::of(&self.signature, key),
        };
        let mut search_values: Vec<String> = self.verifier.search_values().collect();
        search_values.push(format!("{}:{}", self.algorithm.name(), self.value));
        let fields = self.verifier.search_fields();
        Ok(Canonical::new("hashedrekord", "0.0.1", spec, search_values)?.with_fields(fields))
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

/// The schema's complaints, in Rekor's words.
fn validate(spec: Fields<'_>) -> Result<(), Rejection> {
    let mut complaints = Vec::new();
    if spec.object("data").is_present() {
        let hash = spec.object("data").object("hash");
        let path = "data.data.hash.data.hash";
        match hash.text("algorithm") {
            Some(name) if HashAlgorithm::from_name(name).is_none() => {
                complaints.push(format!("{path}.algorithm in body should be one of [sha256 sha384 sha512]"));
            }
            None if hash.is_present() => complaints.push(format!("{path}.algorithm in body is required")),
            _ => {}
        }
        if hash.is_present() && hash.text("value").is_none() {
            complaints.push(format!("{path}.value in body is required"));
        }
    } else {
        complaints.push("data in body is required".to_owned());
    }
    if !spec.object("signature").is_present() {
        complaints.push("signature in body is required".to_owned());
    }
    if complaints.is_empty() { Ok(()) } else { Err(Rejection::validation(&complaints)) }
}
