//! Payloads that are kept beside their entries.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_log::RekorLimits;

use crate::recorded::RECORDED;
use crate::server::{Server, only};

/// The recorded in-toto entries that were taken: name, request, canonical body.
fn taken() -> Vec<(String, String, Value)> {
    let rows = RECORDED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["status"] == 201 && row["name"].as_str().unwrap().starts_with("intoto"))
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap().to_owned();
            (text("name"), text("request"), serde_json::from_str(&text("canonicalBody")).unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_comes_back_with_every_read_but_not_at_creation() {
    let server = Server::new().await;
    let entries = taken();
    assert!(entries.len() >= 2);
    for (name, request, body) in entries {
        let created = server.post("/api/v1/log/entries", &request).await;
        assert_eq!(created.status, StatusCode::CREATED, "{name}: {}", created.text());
        let created = created.json();
        let (id, entry) = only(&created);
        assert_eq!(entry["attestation"], Value::Null, "{name}");
        let reads = [
            server.get(&format!("/api/v1/log/entries/{id}")).await.json(),
            server.get(&format!("/api/v1/log/entries?logIndex={}", entry["logIndex"])).await.json(),
            server
                .post("/api/v1/log/entries/retrieve", &json!({ "entryUUIDs": [id] }).to_string())
                .await
                .json()[0]
                .take(),
        ];
        for read in &reads {
            let data = BASE64_STANDARD.decode(only(read).1["attestation"]["data"].as_str().unwrap()).unwrap();
            let expected = &body["spec"]["content"]["payloadHash"]["value"];
            assert_eq!(*expected, hex::encode(sigstead_crypto::sha256(&data)), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_over_the_limit_is_not_kept_and_its_entry_is() {
    let server = Server::with_limits(RekorLimits { attestation: 10, ..RekorLimits::default() }).await;
    let (_, request, _) = taken().remove(0);
    assert_eq!(server.post("/api/v1/log/entries", &request).await.status, StatusCode::CREATED);
    let read = server.get("/api/v1/log/entries?logIndex=0").await.json();
    assert!(only(&read).1.get("attestation").is_none());
}
