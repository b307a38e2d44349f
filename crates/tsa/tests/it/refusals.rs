//! Queries in DER with one thing wrong, and the words of each refusal.

use axum::http::StatusCode;
use sigstead_crypto::KeyKind;

use crate::fixture::Authority;

/// `openssl ts -query` over a SHA-256 digest, without nonce, asking for the certificate.
const GOOD: &str = "30390201013031300d060960864801650304020105000420000000000000000000000000000000000000000000000000\
    00000000000000000101ff";

#[tokio::test]
async fn each_in_its_own_words() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    assert_eq!(authority.query(hex::decode(GOOD).unwrap()).await.status, StatusCode::OK);
    let malformed = "Error generating timestamp response";
    for (what, query, message) in [
        ("version 2", GOOD.replace("020101", "020102"), malformed),
        ("a byte after the query", format!("{GOOD}00"), malformed),
        ("a byte missing", GOOD[..GOOD.len() - 2].to_owned(), malformed),
        ("SHA3-256", GOOD.replace("0304020105", "0304020805"), malformed),
        (
            "SHA-256 over 28 bytes",
            GOOD.replace("303902", "303502").replace("3031300d", "302d300d").replace("042000000000", "041c"),
            "Message digest has incorrect length for specified algorithm",
        ),
        (
            "another policy",
            GOOD.replace("303902", "303e02").replace("0101ff", "06032a03040101ff"),
            "unaccepted policy: requested TSA policy is not supported by the TSA",
        ),
        (
            "an extension",
            GOOD.replace("303902", "304402").replace("0101ff", "0101ffa009300706032a03040400"),
            "unaccepted extension: the TSA accepts no extensions",
        ),
    ] {
        let answer = authority.query(hex::decode(query).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
        assert_eq!(answer.header("content-type"), "application/timestamp-reply", "{what}");
        assert_eq!(answer.json(), serde_json::json!({ "code": 400, "message": message }), "{what}");
    }
}

#[tokio::test]
async fn no_time_while_the_clock_is_back() {
    let authority = Authority::new(KeyKind::EcdsaP256).await;
    let good = hex::decode(GOOD).unwrap();
    authority.clock.set(sigstead_clock::Timestamp::from_seconds(crate::fixture::NOW - 60));
    let answer = authority.query(good.clone()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    authority.clock.set(sigstead_clock::Timestamp::from_seconds(crate::fixture::NOW));
    assert_eq!(authority.query(good).await.status, StatusCode::OK);
}
