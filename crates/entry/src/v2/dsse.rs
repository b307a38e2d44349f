use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sigstead_crypto::{HashAlgorithm, sha256};

use super::hashedrekord::protobuf_name;
use super::{Algorithms, CanonicalDigest, CanonicalSignature, KeyDetails, Verifier};
use crate::Rejection;
use crate::canonical::Canonical;
use crate::envelope::{Envelope, EnvelopeSignature};
use crate::pki::Verifier as Key;

/// Most keys, and most signatures, of one envelope.
const MOST: usize = 10;

/// dsse 0.0.2: an envelope of which the log keeps the payload's hash and the signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsse {
    /// The payload's media type.
    pub payload_type: String,
    /// What is signed, with its type.
    pub payload: Vec<u8>,
    /// The signatures' bytes.
    pub signatures: Vec<Vec<u8>>,
    /// Their keys, in any order.
    pub verifiers: Vec<Verifier>,
}

impl Dsse {
    /// Checks that each signature has a key, and writes the leaf.
    ///
    /// # Errors
    /// With the reason, which is for the log's operator: clients are told no more than that it is invalid.
    pub fn verify(self, algorithms: &Algorithms) -> Result<Canonical, Rejection> {
        let Self { payload_type, payload, signatures, verifiers } = self;
        check_count("signatures", signatures.len())?;
        check_count("verifiers", verifiers.len())?;
        if signatures.iter().any(Vec::is_empty) {
            return Err(Rejection::entry("envelope signature empty"));
        }
        let as_signed = |bytes| EnvelopeSignature { text: String::new(), bytes, key_id: String::new() };
        let signatures = signatures.into_iter().map(as_signed).collect();
        let envelope = Envelope { payload_type, payload, signatures };
        let mut signed = claimed(&envelope, &verifiers, algorithms)?;
        signed.sort_by(|a, b| a.bytes.cmp(b.bytes));
        let mut search_values: Vec<String> =
            signed.iter().flat_map(|signature| signature.key.search_values()).collect();
        let hash = sha256(&envelope.payload);
        search_values.push(format!("sha256:{}", hex::encode(hash)));
        let about = envelope.about();
        search_values.extend(about.digests);
        let spec = Spec {
            dsse_v002: Leaf {
                payload_hash: CanonicalDigest {
                    algorithm: protobuf_name(HashAlgorithm::Sha256),
                    digest: BASE64_STANDARD.encode(hash),
                },
                signatures: signed.iter().map(Signed::canonical).collect(),
            },
        };
        let fields: Vec<_> = signed.iter().flat_map(|signature| signature.key.search_fields()).collect();
        Ok(Canonical::new("dsse", "0.0.2", spec, search_values)?
            .with_fields(fields)
            .with_fields(about.fields))
    }
}

fn check_count(what: &str, count: usize) -> Result<(), Rejection> {
    match count {
        0 => Err(Rejection::entry(format!("missing {what}"))),
        count if count > MOST => {
            Err(Rejection::entry(format!("too many {what}: {count}, max allowed: {MOST}")))
        }
        _ => Ok(()),
    }
}

/// A signature with the key that made it.
struct Signed<'a> {
    bytes: &'a [u8],
    key: Key,
    verifier: &'a Verifier,
    details: KeyDetails,
}

impl Signed<'_> {
    fn canonical(&self) -> CanonicalSignature {
        let content = BASE64_STANDARD.encode(self.bytes);
        CanonicalSignature { content, verifier: self.verifier.canonical(self.details) }
    }
}

/// Each key in turn claims the signatures it verifies, at least one, until none is left; later keys are not looked at.
fn claimed<'a>(
    envelope: &'a Envelope,
    verifiers: &'a [Verifier],
    algorithms: &Algorithms,
) -> Result<Vec<Signed<'a>>, Rejection> {
    let message = envelope.signed_bytes();
    let mut unclaimed: Vec<&[u8]> = envelope.signatures.iter().map(|signature| &*signature.bytes).collect();
    unclaimed.sort_unstable();
    unclaimed.dedup();
    let mut signed = Vec::new();
    for verifier in verifiers {
        if unclaimed.is_empty() {
            break;
        }
        let (key, details) = verifier.key(algorithms)?;
        let verifies = |bytes: &[u8]| verifies(&key, details, &message, bytes);
        if !envelope.signatures.iter().any(|signature| verifies(&signature.bytes)) {
            return Err(Rejection::entry("could not verify envelope: a key verifies no signature"));
        }
        unclaimed.retain(|bytes| {
            let is_its = verifies(bytes);
            if is_its {
                signed.push(Signed { bytes, key: key.clone(), verifier, details });
            }
            !is_its
        });
    }
    if unclaimed.is_empty() {
        Ok(signed)
    } else {
        Err(Rejection::entry("all signatures must have a key that verifies it"))
    }
}

fn verifies(key: &Key, details: KeyDetails, message: &[u8], signature: &[u8]) -> bool {
    let hash = details.hash();
    let verified = match details {
        KeyDetails::Ed25519ph => key.key.verify_digest(hash, &hash.digest(message), signature),
        _ => key.key.verify(hash, message, signature),
    };
    verified.is_ok()
}

#[derive(Serialize)]
struct Spec {
    #[serde(rename = "dsseV002")]
    dsse_v002: Leaf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Leaf {
    payload_hash: CanonicalDigest,
    signatures: Vec<CanonicalSignature>,
}

#[cfg(test)]
mod tests {
    use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};

    use super::*;
    use crate::v2::Material;

    const PAYLOAD: &[u8] = br#"{"subject":[{"digest":{"sha256":"ab"}}]}"#;

    fn signed_by(keys: &[&SoftwareSigner]) -> Dsse {
        let payload_type = "application/vnd.in-toto+json".to_owned();
        let message = Envelope {
            payload_type: payload_type.clone(),
            payload: PAYLOAD.to_vec(),
            signatures: Vec::new(),
        }
        .signed_bytes();
        Dsse {
            payload_type,
            payload: PAYLOAD.to_vec(),
            signatures: keys.iter().map(|key| key.sign_now(&message).unwrap()).collect(),
            verifiers: keys.iter().map(|key| verifier(key)).collect(),
        }
    }

    fn verifier(key: &SoftwareSigner) -> Verifier {
        let material = Material::PublicKey(key.public_key().spki_der().to_vec());
        let key_details =
            if key.public_key().kind() == sigstead_crypto::PublicKeyKind::Ed25519 { 7 } else { 5 };
        Verifier { material, key_details }
    }

    #[test]
    fn signatures_stand_in_the_order_of_their_bytes() {
        let keys: Vec<_> = (0..3).map(|_| SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()).collect();
        let entry = signed_by(&keys.iter().collect::<Vec<_>>());
        let mut sorted = entry.signatures.clone();
        sorted.sort();
        let canonical = entry.clone().verify(&Algorithms::head()).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&canonical.body).unwrap();
        assert_eq!(canonical.body, serde_json_canonicalizer::to_vec(&body).unwrap(), "RFC 8785");
        let written = body["spec"]["dsseV002"]["signatures"].as_array().unwrap().clone();
        let written: Vec<_> = written
            .iter()
            .map(|one| BASE64_STANDARD.decode(one["content"].as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(written, sorted);
        assert!(canonical.search_values.contains(&"sha256:ab".to_owned()));
        let mut reordered = entry;
        reordered.verifiers.reverse();
        assert_eq!(reordered.verify(&Algorithms::head()).unwrap().body, canonical.body);
    }

    #[test]
    fn every_signature_needs_a_key_and_every_key_a_signature() {
        let (a, b) = (
            SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap(),
            SoftwareSigner::generate(KeyKind::Ed25519).unwrap(),
        );
        let algorithms = Algorithms::tiles_2_2();
        signed_by(&[&a, &b]).verify(&algorithms).unwrap();
        let refused = |change: &dyn Fn(&mut Dsse)| {
            let mut entry = signed_by(&[&a, &b]);
            change(&mut entry);
            assert!(entry.verify(&algorithms).is_err());
        };
        refused(&|entry| drop(entry.verifiers.pop()));
        refused(&|entry| {
            entry.verifiers.insert(0, verifier(&SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()))
        });
        refused(&|entry| entry.payload.push(b' '));
        refused(&|entry| entry.signatures.clear());
        refused(&|entry| entry.signatures[0].clear());
        refused(&|entry| entry.verifiers.clear());
        refused(&|entry| entry.verifiers = vec![entry.verifiers[0].clone(); 11]);
        assert!(signed_by(&[&b]).verify(&Algorithms::head()).is_err(), "pure Ed25519 is not in the list");
    }
}
