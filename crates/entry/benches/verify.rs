//! From a request's JSON to the leaf's bytes: what the log does for each entry before it appends.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use sigstead_crypto::{HashAlgorithm, KeyKind, Signer as _, SoftwareSigner};
use sigstead_entry::Proposed;

fn hashedrekord() -> Vec<u8> {
    let key = SoftwareSigner::generate(KeyKind::EcdsaP256).unwrap();
    let entry = json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex::encode(HashAlgorithm::Sha256.digest(b"artifact")) } },
            "signature": {
                "content": BASE64_STANDARD.encode(key.sign_now(b"artifact").unwrap()),
                "publicKey": { "content": BASE64_STANDARD.encode(key.public_key().to_pem()) },
            },
        },
    });
    serde_json::to_vec(&entry).unwrap()
}

fn verify(criterion: &mut Criterion) {
    let request = hashedrekord();
    criterion.bench_function("hashedrekord with a P-256 key: parse, verify, canonicalize", |bencher| {
        bencher.iter(|| {
            let entry: Value = serde_json::from_slice(black_box(&request)).unwrap();
            Proposed::parse(&entry).unwrap().verify(0).unwrap()
        });
    });
}

criterion_group!(benches, verify);
criterion_main!(benches);
