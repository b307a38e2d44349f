//! hashedrekord entries with several certificates: the rules of their chain.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner, sha256};
use sigstead_entry::Proposed;
use sigstead_x509::Certificate;
use sigstead_x509::authority::{Profile, issue, root};

const BEGIN: i64 = 1_750_000_000;
const NOW: i64 = BEGIN;
const DAY: Duration = Duration::from_secs(86_400);

fn key() -> Arc<SoftwareSigner> {
    Arc::new(SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap())
}

fn entry(signer: &SoftwareSigner, chain: &[&Certificate]) -> Value {
    let pem: String = chain.iter().map(|certificate| certificate.to_pem()).collect();
    json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex::encode(sha256(b"artifact")) } },
            "signature": {
                "content": BASE64_STANDARD.encode(signer.sign_now(b"artifact").unwrap()),
                "publicKey": { "content": BASE64_STANDARD.encode(pem) },
            },
        },
    })
}

fn outcome(signer: &SoftwareSigner, chain: &[&Certificate]) -> Result<(), String> {
    let verified = Proposed::parse(&entry(signer, chain)).and_then(|entry| entry.verify(NOW));
    verified.map(drop).map_err(|rejection| rejection.to_string())
}

#[tokio::test]
async fn every_issuer_in_an_entry_must_be_an_authority_that_is_valid_then() {
    let (root_key, ca_key, leaf_key) = (key(), key(), key());
    let root = root(&*root_key, "CN=root", BEGIN, DAY).await.unwrap();
    let below =
        |signer: &Arc<SoftwareSigner>, issuer: &Certificate, key: &Arc<SoftwareSigner>, profile, begin| {
            let (signer, issuer, key) = (Arc::clone(signer), issuer.clone(), key.public_key().clone());
            async move { issue((&*signer, &issuer), ("CN=below", &key), profile, begin, DAY).await.unwrap() }
        };
    let ca = below(&root_key, &root, &ca_key, Profile::CodeSigningAuthority, BEGIN).await;
    let leaf = below(&ca_key, &ca, &leaf_key, Profile::Timestamping, BEGIN).await;
    assert_eq!(outcome(&leaf_key, &[&leaf]), Ok(()), "one certificate has no chain");
    assert_eq!(outcome(&leaf_key, &[&leaf, &ca, &root]), Ok(()));
    assert_eq!(outcome(&leaf_key, &[&leaf, &ca]), Ok(()), "the last one is the root, whoever it is");

    let refused = |chain: &[&Certificate]| {
        let why = outcome(&leaf_key, chain).unwrap_err();
        assert!(why.starts_with("invalid certificate chain: "), "{why}");
    };
    refused(&[&leaf, &root]);
    let by_leaf = below(&leaf_key, &leaf, &leaf_key, Profile::Timestamping, BEGIN).await;
    refused(&[&by_leaf, &leaf, &ca, &root]);
    let later = below(&ca_key, &ca, &leaf_key, Profile::Timestamping, BEGIN + 2 * 86_400).await;
    refused(&[&later, &ca, &root]);
    let second = below(&ca_key, &ca, &leaf_key, Profile::CodeSigningAuthority, BEGIN).await;
    let too_deep = below(&leaf_key, &second, &leaf_key, Profile::Timestamping, BEGIN).await;
    refused(&[&too_deep, &second, &ca, &root]);
}

#[test]
fn line_breaks_in_base64_do_not_count() {
    let signer = key();
    let mut entry = entry(&signer, &[]);
    let pem = BASE64_STANDARD.encode(signer.public_key().to_pem());
    let (first, rest) = pem.split_at(60);
    entry["spec"]["signature"]["publicKey"]["content"] = format!("{first}\r\n{rest}\n").into();
    Proposed::parse(&entry).and_then(|entry| entry.verify(NOW)).unwrap();
}
