//! A frozen shard before the active one.

use axum::http::StatusCode;
use serde_json::json;
use sigstead_log::RekorLimits;

use crate::server::{Ground, Server, entry, only};
use crate::signatures::check_entry;

#[tokio::test(flavor = "multi_thread")]
async fn indexes_go_on_over_shards_and_each_signs_with_its_own_key() {
    let ground = Ground::new().await;
    let old = ground.shard().await;
    let before = ground.serve(Vec::new(), old.clone(), RekorLimits::default()).await;
    for number in 0..3 {
        before.append(&format!("old {number}")).await;
    }
    let server = rotated(before).await;
    let created = server.append("new 0").await;
    let (_, body) = only(&created);
    assert_eq!(body["logIndex"], 3);
    assert_eq!(body["verification"]["inclusionProof"]["logIndex"], 0);
    check_entry(&server.active, &created);
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
    let tree_id = old.log.tree().tree_id.to_string();
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
    assert!(found[0].as_str().unwrap().starts_with(&format!("{:016x}", old.log.tree().tree_id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_log_takes_nothing_and_is_read_on() {
    let server = Server::new().await;
    let read = server.append("before").await;
    let (ground, active) = server.into_parts();
    ground.database.freeze(active.log.tree().key).await.unwrap();
    let server = ground.serve(Vec::new(), active, RekorLimits::default()).await;
    let refused = entry(&server.active, "after").await.to_string();
    let answer = server.post("/api/v1/log/entries", &refused).await;
    assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{}", answer.text());
    assert_eq!(answer.header("location"), "");
    let (id, _) = only(&read);
    assert_eq!(server.get(&format!("/api/v1/log/entries/{id}")).await.status, StatusCode::OK);
}

/// Freezes the shard of `server` and starts a new one.
async fn rotated(server: Server) -> Server {
    let (ground, old) = server.into_parts();
    ground.database.freeze(old.log.tree().key).await.unwrap();
    let active = ground.shard().await;
    assert_ne!(active.log.tree().tree_id, old.log.tree().tree_id);
    ground.serve(vec![old], active, RekorLimits::default()).await
}
