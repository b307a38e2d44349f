//! Requests that the recording does not have: one line a case.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sigstead_clock::SystemClock;
use sigstead_log::{RekorLimits, Surface};

use crate::server::{Ground, Server, only};

const CT: (&str, &str) = ("content-type", "application/json");

/// Method, path, request headers, body; status, the whole answer.
type Case =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, u16, &'static str);

const CASES: &[Case] = &[
    (
        "POST",
        "/api/v1/log/entries/",
        &[CT],
        "",
        422,
        r#"{"code":602,"message":"proposedEntry in body is required"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries",
        &[("content-type", "application/json;charset=utf-8")],
        "{}",
        422,
        r#"{"code":602,"message":"kind in body is required"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries",
        &[],
        "{}",
        415,
        r#"{"code":415,"message":"unsupported media type \"application/octet-stream\", only [application/json] are allowed"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries",
        &[CT],
        r#"{"kind":"alpine","apiVersion":"0.0.1","spec":{}}"#,
        400,
        "{\"code\":400,\"message\":\"error processing entry: validation failure list:\\npackage in body is required\\npublicKey in body is required\"}\n",
    ),
    (
        "POST",
        "/api/v1/log/entries",
        &[CT],
        r#"{"KIND":"nope"} trailing"#,
        422,
        r#"{"code":422,"message":"invalid kind value: \"nope\""}"#,
    ),
    ("POST", "/api/v1/log/entries/retrieve/", &[CT], "{}", 200, "[]\n"),
    (
        "POST",
        "/api/v1/log/entries/retrieve",
        &[CT],
        "",
        422,
        r#"{"code":602,"message":"entry in body is required"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries/retrieve",
        &[CT],
        "[]",
        400,
        r#"{"code":400,"message":"the body is not a JSON object"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries/retrieve",
        &[CT],
        r#"{"entries":["x"]}"#,
        400,
        r#"{"code":400,"message":"parsing entry body from \"\" failed, because kind in body is required"}"#,
    ),
    (
        "POST",
        "/api/v1/log/entries/retrieve",
        &[CT],
        r#"{"logIndexes":["0"]}"#,
        422,
        r#"{"code":601,"message":"logIndexes.0 in body must be of type int64"}"#,
    ),
    (
        "POST",
        "/api/v1/index/retrieve",
        &[CT],
        r#"{"email":5}"#,
        422,
        r#"{"code":601,"message":"email in body must be of type string"}"#,
    ),
    ("POST", "/api/v1/index/retrieve", &[CT], r#"{"email":null,"hash":null}"#, 200, "[]\n"),
    (
        "POST",
        "/api/v1/index/retrieve",
        &[CT],
        r#"{"subject":""}"#,
        422,
        r#"{"code":604,"message":"subject in body should be at least 1 chars long"}"#,
    ),
    (
        "GET",
        "/api/v1/log/proof?firstSize=2&lastSize=1",
        &[],
        "",
        400,
        "{\"code\":400,\"message\":\"firstSize(2) must be less than lastSize(1)\"}\n",
    ),
    (
        "GET",
        "/api/v1/log/entries?logIndex=",
        &[],
        "",
        422,
        r#"{"code":602,"message":"logIndex in query is required"}"#,
    ),
    ("GET", "/api/v1/log/entries?logIndex=0", &[], "", 404, ""),
    (
        "GET",
        "/api/v1/log/tile/0/000",
        &[],
        "",
        404,
        r#"{"code":404,"message":"path /api/v1/log/tile/0/000 was not found"}"#,
    ),
    (
        "GET",
        "/api/v1/log/tile/0/0.p/1",
        &[],
        "",
        404,
        r#"{"code":404,"message":"path /api/v1/log/tile/0/0.p/1 was not found"}"#,
    ),
    (
        "PUT",
        "/api/v1/log/entries",
        &[],
        "",
        405,
        r#"{"code":405,"message":"method PUT is not allowed, but [GET,POST] are"}"#,
    ),
    (
        "GET",
        "/api/v1/index/retrieve",
        &[],
        "",
        405,
        r#"{"code":405,"message":"method GET is not allowed, but [POST] are"}"#,
    ),
    (
        "GET",
        "/api/v1/log/entries/%ff",
        &[],
        "",
        422,
        r#"{"code":605,"message":"entryUUID in path should match '^([0-9a-fA-F]{64}|[0-9a-fA-F]{80})$'"}"#,
    ),
    ("GET", "/healthz", &[], "", 404, r#"{"code":404,"message":"path /healthz was not found"}"#),
    (
        "GET",
        "/api/v1/version",
        &[],
        "",
        404,
        r#"{"code":404,"message":"path /api/v1/version was not found"}"#,
    ),
    ("GET", "/ping/", &[], "", 200, "."),
    ("HEAD", "/ping", &[], "", 200, ""),
    ("HEAD", "/", &[], "", 200, ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_case_is_answered_so() {
    let server = Server::new().await;
    for (method, path, headers, body, status, expected) in CASES {
        let answer = server.send(method, path, headers, Some(body)).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (*status, *expected), "{method} {path} {body}");
        let has_type = !answer.body.is_empty() || *method == "HEAD";
        assert_eq!(has_type, answer.headers.contains_key("content-type"), "{method} {path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_of_api_reads_are_refused() {
    let server = Server::new().await;
    let answer = server.send("HEAD", "/api/v1/log", &[], None).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_stay_out_of_caches_and_every_origin_may_ask() {
    let server = Server::new().await;
    let read = server.get("/api/v1/log").await;
    assert_eq!(
        read.header("cache-control"),
        "no-cache, no-store, no-transform, must-revalidate, private, max-age=0"
    );
    assert_eq!(read.header("x-accel-expires"), "0");
    assert_eq!(read.header("access-control-allow-origin"), "*");
    let search = server.post("/api/v1/index/retrieve", "{}").await;
    assert_eq!(search.header("cache-control"), "");
    let asks = [
        ("origin", "https://search.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let preflight = server.send("OPTIONS", "/api/v1/index/retrieve", &asks, None).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-headers"), "content-type");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_refused_with_the_limit() {
    let server = Server::with_limits(RekorLimits { body: 100, ..RekorLimits::default() }).await;
    let answer = server.post("/api/v1/log/entries", &" ".repeat(101)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.text(), r#"{"code":413,"message":"Request Entity Too Large. Limit set to 100"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn genesis_is_an_ordinary_entry_made_once() {
    let ground = Ground::new(Arc::new(SystemClock)).await;
    drop(ground.serve(RekorLimits::default(), true).await);
    let server = ground.serve(RekorLimits::default(), true).await;
    assert_eq!(server.get("/api/v1/log").await.json()["treeSize"], 1);
    let entry = server.get("/api/v1/log/entries?logIndex=0").await.json();
    let (id, body) = only(&entry);
    assert_eq!(body["logIndex"], 0);
    assert_eq!(
        server.get(&format!("/api/v1/log/entries/{}", id.to_uppercase())).await.status,
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_turned_off_is_said_to_be_off() {
    let ground = Ground::new(Arc::new(SystemClock)).await;
    let full = ground.serve(RekorLimits::default(), true).await;
    let entry = full.append("read on").await;
    let surface = Surface::default().with_kinds(&["dsse".to_owned()]).unwrap().read_only();
    let read_only = ground.serve_part(RekorLimits::default(), true, surface).await;
    let refused = read_only.post("/api/v1/log/entries", "{}").await;
    assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(refused.json()["message"], "Create Entry API not enabled in this Rekor instance");
    let read = read_only.get("/api/v1/log/entries?logIndex=1").await.json();
    assert_eq!(only(&read).0, only(&entry).0);

    let surface = Surface::default().with_kinds(&["dsse".to_owned()]).unwrap();
    let dsse_only = ground.serve_part(RekorLimits::default(), true, surface).await;
    let sent = crate::server::entry(&dsse_only.active().await, "of another kind").await.to_string();
    let refused = dsse_only.post("/api/v1/log/entries", &sent).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let told = "entry kind 'hashedrekord' is not enabled for submission on this server";
    assert_eq!(refused.json()["message"], told);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_entries_are_checked_like_small_ones() {
    let server = Server::new().await;
    let signer = server.active().await.signer;
    let message = "large ".repeat(100_000);
    let signature = signer.sign(message.as_bytes()).await.unwrap();
    for (content, status) in [(message.as_str(), 201), (message.trim_end(), 400), ("", 422)] {
        let entry = json!({ "kind": "rekord", "apiVersion": "0.0.1", "spec": {
            "data": { "content": BASE64_STANDARD.encode(content) },
            "signature": {
                "format": "x509",
                "content": BASE64_STANDARD.encode(&signature),
                "publicKey": { "content": BASE64_STANDARD.encode(signer.public_key().to_pem()) },
            },
        }});
        // The last one is all blanks, and as large.
        let body = if content.is_empty() { " ".repeat(1 << 20) } else { entry.to_string() };
        let answer = server.post("/api/v1/log/entries", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }
}
