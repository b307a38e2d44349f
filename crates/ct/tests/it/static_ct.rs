//! static-ct-api's read paths, against what was submitted.

use std::sync::Arc;

use axum::http::StatusCode;
use sigstead_crypto::note::Note;
use sigstead_crypto::sha256;
use sigstead_merkle::{Checkpoint, Frontier, Hash};
use sigstead_x509::Certificate;
use sigstead_x509::precertificate::{issuer_key_hash, tbs_without_poison};
use sigstead_x509::sct::{push_u16, push_u24};
use tokio::task::JoinSet;

use crate::server::{NOW_MS, ORIGIN, Server};

/// The TileLeaf of a precertificate, written out.
fn record(index: u8, chain: &[Certificate]) -> Vec<u8> {
    let mut record = [&NOW_MS.to_be_bytes()[..], &[0, 1], &issuer_key_hash(&chain[1])].concat();
    push_u24(&mut record, &tbs_without_poison(&chain[0]).unwrap());
    push_u16(&mut record, &[0, 0, 5, 0, 0, 0, 0, index]);
    push_u24(&mut record, chain[0].der());
    push_u16(&mut record, &[sha256(chain[1].der()), sha256(chain[2].der())].concat());
    record
}

fn root_of(tile: &[u8]) -> Hash {
    let mut frontier = Frontier::new();
    tile.as_chunks::<32>().0.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The checkpoint, with its one signature checked: a tree head's, under the id of its kind (static-ct-api).
async fn checkpoint(server: &Server) -> Checkpoint {
    let answer = server.get("/checkpoint").await;
    assert_eq!(answer.header("cache-control"), "no-cache");
    let note = Note::parse(answer.text()).unwrap();
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), note.signatures.len()), (ORIGIN, 1));
    let line = &note.signatures[0];
    let id = sha256(&[ORIGIN.as_bytes(), b"\n\x05", &server.key.fingerprint()].concat());
    assert_eq!((line.name.as_str(), &line.key_id), (ORIGIN, &id[..4].try_into().unwrap()));
    let (timestamp, signature) = line.signature.split_first_chunk::<8>().unwrap();
    let timestamp = u64::from_be_bytes(*timestamp);
    server.check_tree_head(timestamp, checkpoint.size, &checkpoint.root, signature);
    checkpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_hold_what_was_submitted() {
    let server = Server::new().await;
    let mut records = Vec::new();
    for number in 0..3 {
        let chain = server.hierarchy.precertificate().await;
        server.add("add-pre-chain", &chain).await;
        records.push(record(number, &chain));
    }
    let checkpoint = checkpoint(&server).await;
    assert_eq!((checkpoint.size, checkpoint.root), server.head().await);
    assert_eq!(server.get("/tile/data/000.p/3").await.body, records.concat());
    assert_eq!(server.get("/tile/data/000.p/2").await.body, records[..2].concat());
    let tile = server.get("/tile/0/000.p/3").await;
    assert_eq!(root_of(&tile.body), checkpoint.root);
    assert_eq!(tile.header("cache-control"), "public, max-age=31536000, immutable");
    for beyond in ["0/000.p/4", "0/000", "0/001.p/1", "1/000.p/1", "data/000", "data/000.p/4", "00/000.p/3"] {
        assert_eq!(server.get(&format!("/tile/{beyond}")).await.status, StatusCode::NOT_FOUND, "{beyond}");
    }
    for issuer in &server.hierarchy.issuers {
        let answer = server.get(&format!("/issuer/{}", hex::encode(sha256(issuer.der())))).await;
        assert_eq!((answer.header("content-type"), &*answer.body), ("application/pkix-cert", issuer.der()));
    }
    let unknown = server.get(&format!("/issuer/{}", "00".repeat(32))).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    server.ends_clean(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_tiles_lead_to_the_tile_above() {
    let server = Arc::new(Server::new().await);
    let mut submissions = JoinSet::new();
    for _ in 0..258 {
        let server = Arc::clone(&server);
        submissions.spawn(async move {
            server.add("add-pre-chain", &server.hierarchy.precertificate().await).await;
        });
    }
    submissions.join_all().await;
    let checkpoint = checkpoint(&server).await;
    assert_eq!(checkpoint.size, 258);
    let full = server.get("/tile/0/000").await.body;
    assert_eq!((full.len(), server.get("/tile/1/000.p/1").await.body), (8192, root_of(&full).to_vec()));
    let rest = server.get("/tile/0/001.p/2").await.body;
    assert_eq!(root_of(&[full, rest].concat()), checkpoint.root);
    // Whoever takes no gzip gets the records themselves, which begin with the first one's time.
    let plain = server.get("/tile/data/000").await;
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.body.starts_with(&NOW_MS.to_be_bytes()));
    Arc::into_inner(server).unwrap().ends_clean(258).await;
}
