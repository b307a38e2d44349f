//! Entries around what other tools signed: COSE messages, timestamps and TUF metadata.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_clock::{Clock as _, ManualClock, Timestamp};

use crate::server::{Server, only};

/// The entry crate's, whose folder says where it comes from.
const MADE: &str = include_str!("../../../entry/testdata/artifacts/cose-tsr-tuf.jsonl");
/// A second before the TUF metadata expires, at the start of 2126.
const BEFORE_EXPIRY: u64 = 4_922_899_199;

fn made(name: &str) -> Value {
    let mut rows = MADE.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.find(|row| row["name"] == name).unwrap()["entry"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cose_message_comes_back_with_its_entry() {
    let server = Server::new().await;
    let entry = made("cose-in-toto");
    let created = server.post("/api/v1/log/entries", &entry.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
    let read = server.get("/api/v1/log/entries?logIndex=0").await.json();
    assert_eq!(only(&read).1["attestation"]["data"], entry["spec"]["message"]);
    let query = json!({ "hash": format!("sha256:{}", "ab".repeat(32)) }).to_string();
    assert_eq!(server.post("/api/v1/index/retrieve", &query).await.json(), json!([only(&read).0]));
    // What the log keeps can be looked up and not be inserted.
    let kept = BASE64_STANDARD.decode(only(&read).1["body"].as_str().unwrap()).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    let refused = server.post("/api/v1/log/entries", &kept.to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let query = json!({ "entries": [kept] }).to_string();
    assert_eq!(only(&server.post("/api/v1/log/entries/retrieve", &query).await.json()[0]).0, only(&read).0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tuf_metadata_is_taken_and_looked_up_until_it_expires() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(BEFORE_EXPIRY)));
    let server = Server::with_clock(clock.clone()).await;
    let entry = made("tuf-timestamp");
    let created = server.post("/api/v1/log/entries", &entry.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
    let query = json!({ "entries": [entry] }).to_string();
    assert_eq!(server.post("/api/v1/log/entries/retrieve", &query).await.status, StatusCode::OK);
    clock.advance(Duration::from_secs(1));
    assert_eq!(clock.now().seconds(), BEFORE_EXPIRY + 1);
    let refused = server.post("/api/v1/log/entries", &made("tuf-snapshot").to_string()).await;
    let expired = "expired at 2126-01-01 00:00:00 +0000 UTC";
    assert_eq!(
        refused.json(),
        json!({ "code": 400, "message": format!("error processing entry: {expired}") })
    );
    let refused = server.post("/api/v1/log/entries/retrieve", &query).await;
    assert_eq!(refused.json(), json!({ "code": 400, "message": expired }));
    // Its root still finds it.
    let root = &entry["spec"]["root"]["content"];
    let query = json!({ "publicKey": { "format": "tuf", "content": root } }).to_string();
    let found = server.post("/api/v1/index/retrieve", &query).await.json();
    assert_eq!(found, json!([only(&created.json()).0]));
}
