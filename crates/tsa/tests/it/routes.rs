use axum::http::StatusCode;
use sigstead_crypto::KeyKind;
use sigstead_x509::parse_pem_chain;

use crate::fixture::{Authority, TIMESTAMP};

#[tokio::test]
async fn ping_answers() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    let ping = authority.send("GET", "/ping", "", Vec::new()).await;
    assert_eq!((ping.status, ping.text()), (StatusCode::OK, "."));
    assert!(ping.header("content-type").starts_with("text/plain"));
    let head = authority.send("HEAD", "/ping", "", Vec::new()).await;
    assert_eq!((head.status, head.text()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn the_chain_is_given_whole_and_in_parts() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    for (query, part) in
        [("", 0..3), ("/", 0..3), ("?part=root", 2..3), ("?part=untrusted", 0..2), ("?part=x", 0..3)]
    {
        let answer = authority.send("GET", &format!("{TIMESTAMP}/certchain{query}"), "", Vec::new()).await;
        assert_eq!(answer.header("content-type"), "application/pem-certificate-chain");
        assert_eq!(answer.header("cache-control"), "max-age=3600");
        assert_eq!(parse_pem_chain(&answer.body).unwrap(), authority.chain[part], "{query}");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_work() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    let chain = &*format!("{TIMESTAMP}/certchain");
    for (method, path, allowed) in [
        ("GET", TIMESTAMP, "POST"),
        ("PUT", TIMESTAMP, "POST"),
        ("POST", chain, "GET"),
        ("HEAD", chain, "GET"),
    ] {
        let answer = authority.send(method, path, "", Vec::new()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn answers_are_not_cached_and_media_types_are_read_leniently() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    let query =
        br#"{"artifactHash":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=","hashAlgorithm":"sha256"}"#;
    for (path, media_type) in
        [(TIMESTAMP, "Application/JSON; charset=utf-8"), ("/api/v1/timestamp/", "application/json")]
    {
        let answer = authority.send("POST", path, media_type, query.to_vec()).await;
        assert_eq!(answer.status, StatusCode::OK, "{media_type}");
        assert!(answer.header("cache-control").starts_with("no-cache, no-store"));
        assert_eq!(answer.header("pragma"), "no-cache");
    }
}
