//! Requests that are refused, and in what words (ca.md 1.5, 8.2).

use serde_json::{Value, json};
use sigstead_testkit::{Issuer, Scripted};

use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, NOW, key, request};

const SIGNING_CERT: &str = "/api/v2/signingCert";
const BAD_TOKEN: &str = "There was an error processing the identity token";

async fn with_token(authority: &Authority, token: &str) -> (u16, String, Value) {
    let headers = [("authorization", &*format!("Bearer {token}"))];
    let body = request(&key(), EMAIL).to_string();
    let answer = authority.send("POST", SIGNING_CERT, &headers, body.into()).await;
    let (status, message) = answer.error();
    (status, message, answer.json()["details"][0]["reason"].clone())
}

#[tokio::test]
async fn tokens_with_the_reason_in_the_details() {
    let authority = Authority::new().await;
    let good =
        json!({ "sub": "1", "aud": "sigstore", "exp": NOW + 60, "email": EMAIL, "email_verified": true });
    for (name, value, reason) in [
        ("exp", json!(NOW - 1), "EXPIRED"),
        ("nbf", json!(NOW + 301), "NOT_YET_VALID"),
        ("aud", json!("other"), "AUDIENCE"),
        ("iss", json!("https://other.example"), "ISSUER_UNKNOWN"),
        ("email_verified", json!(false), "EMAIL_UNVERIFIED"),
        ("email", json!("ä@example.com"), "CLAIM_VALUE"),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        let token = authority.issuer.token(&claims);
        assert_eq!(
            with_token(&authority, &token).await,
            (400, BAD_TOKEN.to_owned(), reason.into()),
            "{name}"
        );
    }
    for token in ["", "nonsense", "a.b.c"] {
        assert_eq!(with_token(&authority, token).await, (400, BAD_TOKEN.to_owned(), "MALFORMED".into()));
    }
    let answer = authority.send("POST", SIGNING_CERT, &[], Vec::new()).await;
    assert_eq!(answer.error(), (400, BAD_TOKEN.to_owned()), "an empty body is an empty message");
    assert_eq!(answer.json()["code"], 3);
    assert_eq!(authority.counts().await, (0, 0, 0));
}

#[tokio::test]
async fn an_identity_provider_that_is_away_is_not_the_clients_fault() {
    let stranger = Issuer::start().await;
    for break_it in [
        |issuer: &Issuer, _: &Issuer| issuer.answer_metadata(Scripted::Status(502)),
        |issuer: &Issuer, stranger: &Issuer| {
            issuer.answer_keys(Scripted::Redirect(format!("{}/keys", stranger.url())))
        },
        |issuer: &Issuer, _: &Issuer| issuer.answer_keys(Scripted::Silence),
    ] {
        let authority = Authority::new().await;
        break_it(&authority.issuer, &stranger);
        // Time runs as fast as nothing else happens.
        tokio::time::pause();
        assert_eq!(
            with_token(&authority, &authority.token()).await,
            (503, BAD_TOKEN.to_owned(), "ISSUER_UNAVAILABLE".into())
        );
        tokio::time::resume();
        assert_eq!(authority.counts().await, (0, 0, 0));
    }
    assert_eq!(stranger.key_fetches(), 0);
}

#[tokio::test]
async fn bodies_that_are_no_requests() {
    let authority = Authority::new().await;
    let good = request(&key(), EMAIL);
    let both = json!({ "publicKeyRequest": good["publicKeyRequest"], "certificateSigningRequest": "AAAA" });
    for body in [
        "{",
        "[]",
        "1",
        "null",
        "{\"publicKeyRequest\": 1}",
        "{\"publicKeyRequest\": {\"publicKey\": \"x\"}}",
        "{\"publicKeyRequest\": {\"proofOfPossession\": \"!\"}}",
        "{\"certificateSigningRequest\": 1}",
        "{\"credentials\": {\"oidcIdentityToken\": 1}}",
        &both.to_string(),
    ] {
        let headers = [("authorization", &*format!("Bearer {}", authority.token()))];
        let answer = authority.send("POST", SIGNING_CERT, &headers, body.into()).await;
        let (status, message) = answer.error();
        assert!(status == 400 && message.starts_with("proto: "), "{body}: {status} {message}");
    }
    let answer = authority.send("POST", SIGNING_CERT, &[], vec![b' '; 5 << 20]).await;
    assert_eq!(answer.error(), (400, "http: request body too large".to_owned()));
    let answer = authority.send("POST", SIGNING_CERT, &[], vec![0xff, 0xfe]).await;
    assert_eq!(answer.error().0, 400);
    assert_eq!(authority.counts().await, (0, 0, 0));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_body_is_a_server_error(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status = runtime.block_on(async {
            let authority = Authority::new().await;
            authority.send("POST", SIGNING_CERT, &[], body).await.status
        });
        proptest::prop_assert!(status.is_client_error());
    }
}
