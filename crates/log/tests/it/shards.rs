//! A frozen shard before the active one.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::json;
use sigstead_log::RekorLimits;

use crate::server::{HOST, Server, entry, only};
use crate::signatures::check_entry;

#[tokio::test(flavor = "multi_thread")]
async fn indexes_go_on_over_shards_and_each_signs_with_its_own_key() {
    let server = Server::new().await;
    let old = server.active().await;
    for number in 0..3 {
        server.append(&format!("old {number}")).await;
    }
    rotate(&server).await;
    // The server learns of it from the database's refusal, and goes on in the new shard.
    let repeated = entry(&old, "new 0").await.to_string();
    let created = server.post("/api/v1/log/entries", &repeated).await.json();
    let active = server.active().await;
    assert_ne!(active.tree.tree_id, old.tree.tree_id);
    let (_, body) = only(&created);
    assert_eq!(body["logIndex"], 3);
    assert_eq!(body["verification"]["inclusionProof"]["logIndex"], 0);
    check_entry(&active, &created);
    let read = server.get("/api/v1/log/entries?logIndex=2").await.json();
    check_entry(&old, &read);
    let (id, _) = only(&read);
    for id in [id, &id[16..]] {
        check_entry(&old, &server.get(&format!("/api/v1/log/entries/{id}")).await.json());
    }

    // What is in an old shard may be logged again; both are found by the leaf hash.
    let repeated = entry(&old, "both").await.to_string();
    assert_eq!(server.post("/api/v1/log/entries", &repeated).await.status, StatusCode::CREATED);
    assert_eq!(server.post("/api/v1/log/entries", &repeated).await.status, StatusCode::CONFLICT);

    let info = server.get("/api/v1/log").await.json();
    let tree_id = old.tree.tree_id.to_string();
    assert_eq!(info["inactiveShards"][0]["treeID"], tree_id);
    assert_eq!(info["inactiveShards"][0]["treeSize"], 3);
    assert_eq!(info["inactiveShards"], server.get("/api/v1/log").await.json()["inactiveShards"]);
    let key = server.get(&format!("/api/v1/log/publicKey?treeID={tree_id}")).await;
    assert_eq!(key.text(), old.signer.public_key().to_pem());
    let proof =
        server.get(&format!("/api/v1/log/proof?firstSize=1&lastSize=3&treeID={tree_id}")).await.json();
    assert_eq!(proof["rootHash"], info["inactiveShards"][0]["rootHash"]);

    let hash = json!({ "hash": hex::encode(sigstead_crypto::sha256(b"old 1")) });
    let found = server.post("/api/v1/index/retrieve", &hash.to_string()).await.json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert!(found[0].as_str().unwrap().starts_with(&format!("{:016x}", old.tree.tree_id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_log_without_a_successor_takes_nothing_and_is_read_on() {
    let server = Server::new().await;
    let read = server.append("before").await;
    let active = server.active().await;
    server.ground.database.freeze(active.tree.key).await.unwrap();
    let refused = entry(&active, "after").await.to_string();
    let answer = server.post("/api/v1/log/entries", &refused).await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{}", answer.text());
    assert_eq!(answer.header("location"), "");
    let (id, _) = only(&read);
    assert_eq!(server.get(&format!("/api/v1/log/entries/{id}")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_follow_a_rotation_whoever_makes_it() {
    let first = Server::new().await;
    let second = first.ground.serve(RekorLimits::default(), false).await;
    first.append("in the old shard").await;
    rotate(&first).await;
    let mut indexes = BTreeSet::new();
    for n in 0..8 {
        let server = if n % 2 == 0 { &first } else { &second };
        let created = server.append(&format!("message {n}")).await;
        indexes.insert(only(&created).1["logIndex"].as_u64().unwrap());
    }
    assert_eq!(indexes, (1..9).collect());
    let infos = [first.get("/api/v1/log").await.json(), second.get("/api/v1/log").await.json()];
    assert_eq!(infos[0]["treeID"], infos[1]["treeID"]);
    assert_eq!(infos[0]["treeSize"], 8);
    assert_eq!(infos[0]["inactiveShards"][0]["treeID"], infos[1]["inactiveShards"][0]["treeID"]);
}

async fn rotate(server: &Server) {
    sigstead_log::rotate(&server.ground.database, HOST, &*server.ground.clock).await.unwrap();
}
