//! RFC 6962's read API, against what was submitted.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use serde_json::{Value, json};
use sigstead_ct::LoggedCertificate;
use sigstead_merkle::{leaf_hash, verify_consistency, verify_inclusion};
use sigstead_x509::Certificate;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::{SignedEntry, push_u24};

use crate::server::{NOW_MS, Server, bytes, hashes};

/// `leaf_input` and `extra_data` of a submission (RFC 6962 §3.4, §4.6).
fn entry(index: u8, chain: &[Certificate], is_precertificate: bool) -> (Vec<u8>, Vec<u8>) {
    let extensions = [0, 0, 5, 0, 0, 0, 0, index];
    let (mut extra, mut issuers) = (Vec::new(), Vec::new());
    let timestamped = if is_precertificate {
        push_u24(&mut extra, chain[0].der());
        let tbs = tbs_without_poison(&chain[0]).unwrap();
        SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash(&chain[1]), tbs: &tbs }
            .timestamped(NOW_MS, &extensions)
    } else {
        SignedEntry::X509(chain[0].der()).timestamped(NOW_MS, &extensions)
    };
    chain[1..].iter().for_each(|issuer| push_u24(&mut issuers, issuer.der()));
    push_u24(&mut extra, &issuers);
    ([&[0, 0], timestamped.as_slice()].concat(), extra)
}

/// Submits certificates and precertificates by turns; what `get-entries` must say of them.
async fn filled(entries: u8) -> (Server, Vec<(Vec<u8>, Vec<u8>)>) {
    let server = Server::new().await;
    let mut expected = Vec::new();
    for number in 0..entries {
        let is_precertificate = number % 2 == 1;
        let (endpoint, chain) = if is_precertificate {
            ("add-pre-chain", server.hierarchy.precertificate().await)
        } else {
            ("add-chain", server.hierarchy.certificate().await)
        };
        server.add(endpoint, &chain).await;
        expected.push(entry(number, &chain, is_precertificate));
    }
    (server, expected)
}

fn read(entry: &Value) -> (Vec<u8>, Vec<u8>) {
    (bytes(&entry["leaf_input"]), bytes(&entry["extra_data"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_what_was_submitted() {
    let (server, expected) = filled(5).await;
    for (start, end, upto) in [(0, 4, 5), (1, 2, 3), (4, 4, 5), (3, 900, 5)] {
        let answer = server.read(&format!("get-entries?start={start}&end={end}")).await;
        let entries: Vec<_> = answer["entries"].as_array().unwrap().iter().map(read).collect();
        assert_eq!(entries, expected[start..upto], "{start} to {end}");
    }
    let [certificate, precertificate] = [&expected[0], &expected[1]];
    for (input, extra) in [certificate, precertificate] {
        let logged = LoggedCertificate::parse(input, extra).unwrap();
        assert_eq!(logged.time_ms, NOW_MS);
        assert_eq!(
            logged.is_of(&logged.certificate),
            input == &certificate.0,
            "a precertificate is not issued"
        );
        assert_eq!(LoggedCertificate::parse(&[input.as_slice(), &[0]].concat(), extra), None);
    }
    // What a log shows beside the leaf must be what its root commits to.
    let other = &expected[3].1;
    assert_eq!(LoggedCertificate::parse(&precertificate.0, other), None);
    let roots = server.read("get-roots").await;
    assert_eq!(bytes(&roots["certificates"][0]), server.hierarchy.issuers[1].der());
    server.ends_clean(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_proven() {
    let (server, expected) = filled(5).await;
    let (size, root) = server.head().await;
    for (index, (input, _)) in expected.iter().enumerate() {
        let leaf = leaf_hash(input);
        let hash = BASE64_URL_SAFE.encode(leaf).replace('-', "%2B").replace('_', "%2F");
        let proof = server.read(&format!("get-proof-by-hash?hash={hash}&tree_size={size}")).await;
        assert_eq!(proof["leaf_index"], index);
        let path = hashes(&proof["audit_path"]);
        verify_inclusion(index.try_into().unwrap(), size, &leaf, &path, &root).unwrap();
        let same = server.read(&format!("get-entry-and-proof?leaf_index={index}&tree_size={size}")).await;
        assert_eq!((read(&same), &same["audit_path"]), (expected[index].clone(), &proof["audit_path"]));
        // A tree that ended before the leaf does not have it.
        if index > 0 {
            let before = format!("/ct/v1/get-proof-by-hash?hash={hash}&tree_size={index}");
            assert_eq!(server.get(&before).await.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_is_consistent() {
    let server = Server::new().await;
    let mut heads = vec![server.head().await];
    for _ in 0..6 {
        server.add("add-chain", &server.hierarchy.certificate().await).await;
        heads.push(server.head().await);
    }
    for (second, new) in &heads[1..] {
        for (first, old) in &heads[1..usize::try_from(*second).unwrap()] {
            let answer = server.read(&format!("get-sth-consistency?first={first}&second={second}")).await;
            let proof = hashes(&answer["consistency"]);
            verify_consistency(*first, *second, &proof, old, new).unwrap();
            verify_consistency(*first, *second, &proof, new, old).unwrap_err();
        }
        let same = server.read(&format!("get-sth-consistency?first={second}&second={second}")).await;
        assert_eq!(same["consistency"], json!([]));
    }
    let beyond = server.get("/ct/v1/get-sth-consistency?first=1&second=7").await;
    assert_eq!(beyond.status, StatusCode::BAD_REQUEST);
}
