//! `/api/search` in process: pages, order and counts over shards and both APIs. What clients' entries are
//! found by stands in `tests/clients`.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sigstead_crypto::sha256;
use sigstead_log::{SearchedLogs, search_router};
use tower::ServiceExt as _;

use crate::server::{HOST, Server, only};

struct Searched {
    server: Server,
    router: Router,
}

impl Searched {
    async fn new() -> Self {
        let server = Server::new().await;
        let router = search_router(SearchedLogs { v1: server.log(), v2: None });
        Self { server, router }
    }

    async fn answer(&self, query: &str) -> (StatusCode, Value) {
        let request = Request::get(format!("/api/search?{query}")).body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap())
    }

    async fn ask(&self, query: &str) -> Value {
        let (status, answer) = self.answer(query).await;
        assert_eq!(status, StatusCode::OK, "{query}: {answer}");
        answer
    }
}

fn indexes(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["logIndex"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_through_all_shards_once_while_the_log_grows() {
    let searched = Searched::new().await;
    for n in 0..25 {
        searched.server.append(&format!("old {n}")).await;
    }
    sigstead_log::rotate(&searched.server.ground.database, HOST, &*searched.server.ground.clock)
        .await
        .unwrap();
    for n in 0..12 {
        searched.server.append(&format!("new {n}")).await;
    }
    for (order, limit) in [("newest", 1), ("newest", 5), ("oldest", 12), ("oldest", 37), ("newest", 12)] {
        let mut seen = Vec::new();
        let mut query = format!("kind=hashedrekord&order={order}&limit={limit}&before=2200-01-01T00:00:00Z");
        for page in 0.. {
            let answer = searched.ask(&query).await;
            seen.extend(indexes(&answer));
            // What comes meanwhile is not in a page of newest first, and last in one of oldest first.
            if order == "newest" && page == 0 && limit == 5 {
                searched.server.append("meanwhile").await;
            }
            let Some(cursor) = answer["cursor"].as_str() else { break };
            query = format!("kind=hashedrekord&order={order}&limit={limit}&cursor={cursor}");
        }
        let size = if (order, limit) == ("newest", 1) || (order, limit) == ("newest", 5) { 37 } else { 38 };
        let mut expected: Vec<u64> = (0..size).collect();
        if order == "newest" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order}, {limit} a page");
    }
    assert_eq!(searched.ask("count=true&limit=1").await["count"], 38);
    assert_eq!(searched.ask("kind=dsse&count=true").await["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_met_together_and_their_values_are_alternatives() {
    let searched = Searched::new().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(only(&searched.server.append(&format!("message {n}")).await).0.to_owned());
    }
    let digest =
        |n: usize| format!("digest=sha256:{}", hex::encode(sha256(format!("message {n}").as_bytes())));
    let found = searched.ask(&format!("{}&{}&kind=hashedrekord", digest(3), digest(1))).await;
    assert_eq!(indexes(&found), [3, 1]);
    assert_eq!(found["entries"][0]["uuid"], ids[3]);
    assert_eq!(found["cursor"], Value::Null);
    assert_eq!(indexes(&searched.ask(&format!("{}&kind=dsse&kind=cose", digest(1))).await), [0; 0]);
    let key = searched.server.active().await.signer.public_key().clone();
    let fingerprint = hex::encode(key.fingerprint());
    assert_eq!(indexes(&searched.ask(&format!("key={fingerprint}&order=oldest")).await), [0, 1, 2, 3]);
    let pem: String = form_urlencoded::byte_serialize(key.to_pem().as_bytes()).collect();
    assert_eq!(indexes(&searched.ask(&format!("key={pem}&{}", digest(2))).await), [2]);
    assert_eq!(indexes(&searched.ask("after=2200-01-01T00:00:00Z").await), [0; 0]);
    assert_eq!(indexes(&searched.ask("before=2001-01-01T00:00:00Z").await), [0; 0]);
    let body = &searched.ask(&format!("{}&bodies=true", digest(0))).await["entries"][0]["body"];
    let entry = searched.server.get("/api/v1/log/entries?logIndex=0").await.json();
    assert_eq!(*body, only(&entry).1["body"]);
}

/// Entries of the entry crate's, of each format of keys, and where the key stands.
const KEYS: [(&str, &str, &str); 5] = [
    (REKORD, "x509-p256", "/spec/signature/publicKey/content"),
    (REKORD, "ssh-ed25519-sha512", "/spec/signature/publicKey/content"),
    (REKORD, "minisign-hashed", "/spec/signature/publicKey/content"),
    (OPENPGP, "rekord-pgp-armored", "/spec/signature/publicKey/content"),
    (TUF, "tuf-snapshot", "/spec/root/content"),
];
const REKORD: &str = include_str!("../../../entry/testdata/artifacts/rekord.jsonl");
const OPENPGP: &str = include_str!("../../../entry/testdata/artifacts/openpgp.jsonl");
const TUF: &str = include_str!("../../../entry/testdata/artifacts/cose-tsr-tuf.jsonl");

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_any_format_finds_what_was_logged_with_it() {
    let searched = Searched::new().await;
    for (index, (artifacts, name, place)) in (0..).zip(KEYS) {
        let mut rows = artifacts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let entry = rows.find(|row| row["name"] == name).unwrap()["entry"].take();
        let answer = searched.server.post("/api/v1/log/entries", &entry.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{name}: {}", answer.text());
        let key = BASE64_STANDARD.decode(entry.pointer(place).unwrap().as_str().unwrap()).unwrap();
        let key: String = form_urlencoded::byte_serialize(&key).collect();
        assert_eq!(indexes(&searched.ask(&format!("key={key}")).await), [index], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_parameter_and_no_other() {
    let searched = Searched::new().await;
    let request = Request::get("/api/search/openapi.json").body(Body::empty()).unwrap();
    let body = searched.router.clone().oneshot(request).await.unwrap().into_body();
    let description: Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    let parameters = description["paths"]["/api/search"]["get"]["parameters"].as_array().unwrap();
    let names: BTreeSet<&str> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains("image") && names.contains("workflow.contains"));
    for name in names {
        let value = match name {
            "digest" | "image" => format!("sha256:{}", "ab".repeat(32)),
            "key" => "ab".repeat(32),
            "after" | "before" => "2026-01-31T12:00:00Z".to_owned(),
            "order" => "oldest".to_owned(),
            "count" | "bodies" => "true".to_owned(),
            "limit" => "7".to_owned(),
            "cursor" => format!("{}.0", searched.server.active().await.tree.tree_id),
            _ => "x".to_owned(),
        };
        searched.ask(&format!("{name}={value}")).await;
    }
    for (query, named) in [("colour=red", "colour"), ("cursor=1.5", "cursor"), ("limit=x", "limit")] {
        let (status, answer) = searched.answer(query).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &400.into()));
        assert!(answer["message"].as_str().unwrap().starts_with(named), "{answer}");
    }
}
