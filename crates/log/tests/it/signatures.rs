//! What clients verify.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::HashAlgorithm;
use sigstead_crypto::note::Note;
use sigstead_merkle::{Checkpoint, Hash, leaf_hash, verify_consistency, verify_inclusion};

use crate::server::{HOST, KnownShard, Server, entry, only};

/// Checks an entry of `shard` as a client does: its id, SET, proof and checkpoint.
pub(crate) fn check_entry(shard: &KnownShard, entry: &Value) {
    let (id, entry) = only(entry);
    let key = shard.signer.public_key();
    let body = BASE64_STANDARD.decode(entry["body"].as_str().unwrap()).unwrap();
    let leaf = leaf_hash(&body);
    assert_eq!(id, format!("{:016x}{}", shard.tree.tree_id, hex::encode(leaf)));
    assert_eq!(entry["logID"], hex::encode(key.fingerprint()));

    let signed = json!({
        "body": entry["body"], "integratedTime": entry["integratedTime"],
        "logID": entry["logID"], "logIndex": entry["logIndex"],
    });
    let set =
        BASE64_STANDARD.decode(entry["verification"]["signedEntryTimestamp"].as_str().unwrap()).unwrap();
    key.verify(HashAlgorithm::Sha256, signed.to_string().as_bytes(), &set).unwrap();

    let proof = &entry["verification"]["inclusionProof"];
    let checkpoint = check_checkpoint(shard, proof["checkpoint"].as_str().unwrap());
    assert_eq!(proof["treeSize"], checkpoint.size);
    assert_eq!(proof["rootHash"], hex::encode(checkpoint.root));
    let index = proof["logIndex"].as_u64().unwrap();
    verify_inclusion(index, checkpoint.size, &leaf, &hashes(&proof["hashes"]), &checkpoint.root).unwrap();
}

/// One signature, by the shard's key, under the log's name.
pub(crate) fn check_checkpoint(shard: &KnownShard, text: &str) -> Checkpoint {
    let note = Note::parse(text).unwrap();
    note.verify_rekor_v1(shard.signer.public_key()).unwrap();
    assert_eq!(note.signatures.len(), 1);
    assert_eq!(note.signatures[0].name, HOST);
    assert_eq!(note.signatures[0].key_id, shard.signer.public_key().fingerprint()[..4]);
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    assert_eq!(checkpoint.origin, format!("{HOST} - {}", shard.tree.tree_id));
    checkpoint
}

fn hashes(list: &Value) -> Vec<Hash> {
    let hash = |item: &Value| hex::decode(item.as_str().unwrap()).unwrap().try_into().unwrap();
    list.as_array().unwrap().iter().map(hash).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_about_an_entry_verifies() {
    let server = Server::new().await;
    for number in 0..5 {
        let created = server.append(&format!("message {number}")).await;
        check_entry(&server.active().await, &created);
        let read = server.get(&format!("/api/v1/log/entries?logIndex={number}")).await.json();
        check_entry(&server.active().await, &read);
        assert_eq!(only(&read).0, only(&created).0);
    }
    let read = server.post("/api/v1/log/entries/retrieve", r#"{"logIndexes":[4,0,9,2]}"#).await.json();
    assert_eq!(read.as_array().unwrap().len(), 3);
    let shard = server.active().await;
    read.as_array().unwrap().iter().for_each(|entry| check_entry(&shard, entry));
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_is_consistent_and_each_answer_is_signed_afresh() {
    let server = Server::new().await;
    let mut heads = Vec::new();
    for number in 0..4 {
        server.append(&format!("message {number}")).await;
        let info = server.get("/api/v1/log/").await.json();
        let again = server.get("/api/v1/log").await.json();
        assert_ne!(info["signedTreeHead"], again["signedTreeHead"]);
        assert_eq!(info["treeID"], server.active().await.tree.tree_id.to_string());
        heads.push(check_checkpoint(&server.active().await, info["signedTreeHead"].as_str().unwrap()));
    }
    let (first, last) = (&heads[1], &heads[3]);
    let path =
        format!("/api/v1/log/proof?firstSize=2&lastSize=4&treeID={}", server.active().await.tree.tree_id);
    let proof = server.get(&path).await.json();
    verify_consistency(2, 4, &hashes(&proof["hashes"]), &first.root, &last.root).unwrap();
    assert_eq!(proof["rootHash"], hex::encode(last.root));
    assert_eq!(server.get("/api/v1/log/proof?firstSize=4&lastSize=4").await.json()["hashes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_each_proven_and_each_is_there_once() {
    let server = Arc::new(Server::new().await);
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..60 {
        let server = Arc::clone(&server);
        requests.spawn(async move { server.append(&format!("message {number}")).await });
    }
    let mut indexes = BTreeSet::new();
    while let Some(created) = requests.join_next().await {
        let created = created.unwrap();
        check_entry(&server.active().await, &created);
        indexes.insert(only(&created).1["logIndex"].as_u64().unwrap());
    }
    assert!(indexes.into_iter().eq(0..60));

    let same = entry(&server.active().await, "same").await.to_string();
    let mut repeats = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (server, same) = (Arc::clone(&server), same.clone());
        repeats.spawn(async move { server.post("/api/v1/log/entries", &same).await.status });
    }
    let statuses = repeats.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CREATED).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CONFLICT).count(), 9);
}
