//! Keys, certificates and entries made on the spot.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner, sha256};
use sigstead_x509::authority::{self, Profile};
use sigstead_x509::build::{self, TbsFields, sign_certificate};
use sigstead_x509::{Certificate, SubjectAlternativeName, oid};

/// 2027-01-15, when every certificate begins.
const START: i64 = 1_800_000_000;
const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const EMAIL: &str = "ada@example.com";

pub(crate) fn key() -> SoftwareSigner {
    SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap()
}

/// A code-signing certificate of Ada's for `key`, then its issuers; `length` certificates, of which those after
/// the third are the root again, for an issuing authority allows no other below it.
pub(crate) async fn chain(key: &SoftwareSigner, length: usize) -> Vec<Certificate> {
    let mut issuer_key = self::key();
    let mut chain = vec![authority::root(&issuer_key, "CN=root", START, DAY).await.unwrap()];
    for _ in 2..length.min(3) {
        let below = self::key();
        let subject = ("CN=between", below.public_key());
        let issuer = (&issuer_key as _, &chain[0]);
        let profile = Profile::CodeSigningAuthority;
        chain.insert(0, authority::issue(issuer, subject, profile, START, DAY).await.unwrap());
        issuer_key = below;
    }
    let name = SubjectAlternativeName::Email(EMAIL.to_owned());
    let fields = TbsFields {
        serial: &authority::serial(0).unwrap(),
        algorithm: issuer_key.algorithm(),
        issuer_der: chain[0].subject_der(),
        not_before: START,
        not_after: START + 600,
        subject_der: &build::empty_name(),
        spki_der: key.public_key().spki_der(),
        extensions: &[
            build::extended_key_usage(oid::CODE_SIGNING, false).unwrap(),
            build::subject_alternative_name(&name, true).unwrap(),
        ],
    };
    chain.insert(0, sign_certificate(&fields.encode().unwrap(), &issuer_key).await.unwrap());
    let root = chain[chain.len() - 1].clone();
    chain.resize(length, root);
    chain
}

pub(crate) fn pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}

/// A hashedrekord over `message`.
pub(crate) fn hashedrekord(key: &SoftwareSigner, message: &[u8], pem: &str) -> Value {
    let signature = BASE64_STANDARD.encode(key.sign_now(message).unwrap());
    json!({ "kind": "hashedrekord", "apiVersion": "0.0.1", "spec": {
        "data": { "hash": { "algorithm": "sha256", "value": hex::encode(sha256(message)) } },
        "signature": { "content": signature, "publicKey": { "content": BASE64_STANDARD.encode(pem) } },
    }})
}

/// A signature over a DSSE payload.
pub(crate) fn dsse_signature(key: &SoftwareSigner, payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let header = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    key.sign_now(&[header.as_bytes(), payload].concat()).unwrap()
}

/// A dsse entry, with payload and signature in base64 as they stand in the envelope.
pub(crate) fn dsse(pem: &str, payload_type: &str, payload: &str, signature: &str) -> Value {
    let envelope = json!({
        "payload": payload, "payloadType": payload_type, "signatures": [{ "sig": signature }],
    });
    json!({ "kind": "dsse", "apiVersion": "0.0.1", "spec": { "proposedContent": {
        "envelope": envelope.to_string(), "verifiers": [BASE64_STANDARD.encode(pem)],
    }}})
}
