//! From a request's JSON to the leaf's bytes: what the log does for each entry before it appends.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use sigstead_crypto::{HashAlgorithm, KeyKind, Signer as _, SoftwareSigner};
use sigstead_entry::Proposed;
use sigstead_x509::Certificate;
use sigstead_x509::authority::{Profile, issue, root};

/// A hashedrekord whose key comes as this PEM text.
fn hashedrekord(key: &SoftwareSigner, pem: &str) -> Vec<u8> {
    let entry = json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex::encode(HashAlgorithm::Sha256.digest(b"artifact")) } },
            "signature": {
                "content": BASE64_STANDARD.encode(key.sign_now(b"artifact").unwrap()),
                "publicKey": { "content": BASE64_STANDARD.encode(pem) },
            },
        },
    });
    serde_json::to_vec(&entry).unwrap()
}

/// A certificate of `key`; then the authority that issued it.
async fn chain(key: &SoftwareSigner) -> [Certificate; 2] {
    let (issuer, day) = (SoftwareSigner::generate(KeyKind::EcdsaP384).unwrap(), Duration::from_secs(86_400));
    let root = root(&issuer, "CN=root", 1_800_000_000, day).await.unwrap();
    let subject = ("CN=signer", key.public_key());
    let profile = Profile::CodeSigningAuthority;
    let leaf = issue((&issuer, &root), subject, profile, 1_800_000_000, day).await.unwrap();
    [leaf, root]
}

fn verify(criterion: &mut Criterion) {
    let key = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let [leaf, root] = runtime.block_on(chain(&key));
    for (with, pem) in [
        ("a P-256 key", key.public_key().to_pem()),
        ("a certificate of a P-256 key", leaf.to_pem()),
        ("a certificate and its P-384 issuer", leaf.to_pem() + &root.to_pem()),
    ] {
        let request = hashedrekord(&key, &pem);
        criterion.bench_function(
            &format!("hashedrekord with {with}: parse, verify, canonicalize"),
            |bencher| {
                bencher.iter(|| {
                    let entry: Value = serde_json::from_slice(black_box(&request)).unwrap();
                    Proposed::parse(&entry).unwrap().verify(0).unwrap()
                });
            },
        );
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
