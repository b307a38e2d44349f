//! Requests that are refused, and in what words (ca.md 1.5, 8.2).

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Value, json};
use sigstead_proto::fulcio_v2::ca_client::CaClient;
use sigstead_serve::Rate;
use sigstead_testkit::{Issuer, Scripted};
use tonic::Code;

use crate::fixture::{Authority, EMAIL, FulcioAnswer as _, NOW, key, request};
use crate::grpc;

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

#[tokio::test]
async fn an_identity_that_wants_too_many_certificates_is_told_when_to_come_again() {
    let number = |n| NonZeroU32::new(n).unwrap();
    let authority = Authority::limited(Rate::new(number(1), Duration::from_secs(60), number(2))).await;
    let mut client = CaClient::new(authority.router());
    let token_of = |subject: &str| {
        let claims = json!({
            "sub": subject, "aud": "sigstore", "exp": NOW + 60, "email": EMAIL, "email_verified": true,
        });
        authority.issuer.token(&claims)
    };
    let signing_cert = async |subject: &str| {
        let headers = [("authorization", &*format!("Bearer {}", token_of(subject)))];
        let body = request(&key(), EMAIL).to_string();
        authority.send("POST", SIGNING_CERT, &headers, body.into()).await
    };
    assert_eq!(signing_cert("1").await.status, 200);
    assert!(client.create_signing_certificate(grpc::request(&token_of("1"))).await.is_ok());
    let refused = signing_cert("1").await;
    assert_eq!(refused.error(), (429, "too many certificates for this identity; try again later".to_owned()));
    assert_eq!(
        (&refused.json()["code"], &refused.headers["retry-after"]),
        (&json!(8), &"60".parse().unwrap())
    );
    let refused = client.create_signing_certificate(grpc::request(&token_of("1"))).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.metadata().contains_key("grpc-retry-pushback-ms"));
    assert_eq!(signing_cert("2").await.status, 200, "another identity");
    assert_eq!(authority.counts().await, (3, 0, 0), "nothing was intended for who was refused");
}
