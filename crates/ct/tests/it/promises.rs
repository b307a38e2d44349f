//! SCTs: what is promised is signed, and kept.

use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::SignedEntry;

use crate::server::{NOW_MS, Server, bytes};

/// The leaf's index, as static-ct-api writes it into the extensions.
fn index(number: u8) -> [u8; 8] {
    [0, 0, 5, 0, 0, 0, 0, number]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_certificates_and_precertificates() {
    let server = Server::new().await;
    let chain = server.hierarchy.certificate().await;
    let poisoned = server.hierarchy.precertificate().await;
    let tbs = tbs_without_poison(&poisoned[0]).unwrap();
    let issuer_key_hash = issuer_key_hash(&poisoned[1]);
    let certificate = SignedEntry::X509(chain[0].der());
    let precertificate = SignedEntry::Precertificate { issuer_key_hash: &issuer_key_hash, tbs: &tbs };
    for (number, endpoint, chain, entry, other) in [
        (0, "add-chain", &chain, certificate, precertificate),
        (1, "add-pre-chain", &poisoned, precertificate, certificate),
    ] {
        let sct = server.add(endpoint, chain).await;
        assert_eq!(sct.log_id, server.key.fingerprint());
        assert_eq!((sct.timestamp, sct.extensions.as_slice()), (NOW_MS, &index(number)[..]));
        sct.verify(&entry, &server.key).unwrap();
        sct.verify(&other, &server.key).unwrap_err();
        // The promise is kept: the entry at its index is the promised one.
        let leaf = [&[0, 0], entry.timestamped(sct.timestamp, &sct.extensions).as_slice()].concat();
        let kept = server.read(&format!("get-entries?start={number}&end={number}")).await;
        assert_eq!(bytes(&kept["entries"][0]["leaf_input"]), leaf);
    }
    server.ends_clean(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_gets_the_first_promise() {
    let server = Server::new().await;
    for (number, endpoint, chain) in [
        (0, "add-chain", server.hierarchy.certificate().await),
        (1, "add-pre-chain", server.hierarchy.precertificate().await),
    ] {
        // The root may be left out: the entry is the same.
        for again in [&chain[..], &chain, &chain[..2]] {
            assert_eq!(server.add(endpoint, again).await.extensions, index(number));
        }
        assert_eq!(server.head().await.0, u64::from(number) + 1);
    }
    server.ends_clean(2).await;
}
