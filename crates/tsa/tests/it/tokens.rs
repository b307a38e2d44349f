//! Tokens of every kind of key, for every kind of query.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::{Any, Decode as _, Encode as _};
use serde_json::json;
use sigstead_crypto::{HashAlgorithm, KeyKind};
use sigstead_testkit::OpenSsl;
use sigstead_tsa::{Query, QueryError};

use crate::fixture::{Authority, NOW, query_for, text_of, verify};

#[tokio::test]
async fn p256() {
    every_token_verifies(KeyKind::EcdsaP256).await;
}

#[tokio::test]
async fn p384() {
    every_token_verifies(KeyKind::EcdsaP384).await;
}

#[tokio::test]
async fn rsa_3072() {
    every_token_verifies(KeyKind::Rsa3072).await;
}

async fn every_token_verifies(kind: KeyKind) {
    let (openssl, authority) = (OpenSsl::new(), Authority::new(kind).await);
    authority.write_chain(&openssl);
    openssl.write("data", "what is stamped");
    openssl.write("other", "what is not");
    for hash in ["sha256", "sha384", "sha512"] {
        for has_certificate in [true, false] {
            for has_nonce in [true, false] {
                let flags = [
                    Some(format!("-{hash}")),
                    has_certificate.then(|| "-cert".to_owned()),
                    (!has_nonce).then(|| "-no_nonce".to_owned()),
                ];
                let flags: Vec<&str> = flags.iter().flatten().map(String::as_str).collect();
                let reply = authority.query(query_for(&openssl, &flags)).await;
                assert_eq!(reply.status, StatusCode::OK, "{kind:?} {flags:?}");
                assert_eq!(reply.header("content-type"), "application/timestamp-reply");
                let holds = |what, untrusted| verify(&openssl, &reply, what, untrusted, NOW);
                assert!(holds(["-queryfile", "query.tsq"], "untrusted.pem"), "{kind:?} {flags:?}");
                assert!(!holds(["-data", "other"], "untrusted.pem"), "{kind:?} {flags:?}");
                // The signing certificate is in the token, or the verifier has to have it.
                assert_eq!(holds(["-data", "data"], "between.pem"), has_certificate, "{kind:?} {flags:?}");
                let text = text_of(&openssl, &reply);
                assert!(text.contains(&format!("Hash Algorithm: {hash}")), "{text}");
                assert_eq!(text.contains("Nonce: unspecified"), !has_nonce, "{text}");
            }
        }
    }
}

/// Another encoder than ours makes the same bytes of every token, so that each is DER (X.690 §10 and §11).
#[tokio::test]
async fn tokens_are_der() {
    let (openssl, authority) = (OpenSsl::new(), Authority::new(KeyKind::EcdsaP256).await);
    openssl.write("data", "what is stamped");
    for flags in [&["-sha256", "-cert"][..], &["-sha384", "-cert"], &["-sha512", "-cert"], &["-sha256"]] {
        let reply = authority.query(query_for(&openssl, flags)).await;
        let [_, token]: [Any; 2] = Vec::from_der(&reply.body).unwrap().try_into().unwrap();
        let mut content = ContentInfo::from_der(&token.to_der().unwrap()).unwrap();
        let signed: SignedData = content.content.decode_as().unwrap();
        assert_eq!(signed.certificates.is_some(), flags.contains(&"-cert"), "{flags:?}");
        content.content = Any::encode_from(&signed).unwrap();
        assert_eq!(content.to_der().unwrap(), token.to_der().unwrap(), "{flags:?}");
    }
}

#[tokio::test]
async fn a_token_says_when_by_whom_and_under_which_policy() {
    let (openssl, authority) = (OpenSsl::new(), Authority::new(KeyKind::EcdsaP256).await);
    openssl.write("data", "what is stamped");
    let reply = authority.query(query_for(&openssl, &["-sha256", "-tspolicy", "1.3.6.1.4.1.57264.2"])).await;
    let text = text_of(&openssl, &reply);
    for line in [
        "Status: Granted.",
        "Version: 1",
        "Policy OID: 1.3.6.1.4.1.57264.2",
        "Time stamp: Jan 15 08:00:00 2027 GMT",
        "Accuracy: 0x01 seconds, unspecified millis, unspecified micros",
        "Ordering: no",
        "TSA: DirName:/O=test/CN=tsa",
        "Extensions:",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn another_authoritys_token_does_not_verify() {
    let openssl = OpenSsl::new();
    let (authority, stranger) =
        (Authority::new(KeyKind::EcdsaP256).await, Authority::new(KeyKind::EcdsaP256).await);
    authority.write_chain(&openssl);
    openssl.write("data", "what is stamped");
    let reply = stranger.query(query_for(&openssl, &["-sha256", "-cert"])).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(!verify(&openssl, &reply, ["-queryfile", "query.tsq"], "untrusted.pem", NOW));
    stranger.write_chain(&openssl);
    assert!(verify(&openssl, &reply, ["-queryfile", "query.tsq"], "untrusted.pem", NOW));
}

#[tokio::test]
async fn queries_in_json_get_the_same_tokens() {
    let (openssl, authority) = (OpenSsl::new(), Authority::new(KeyKind::EcdsaP256).await);
    authority.write_chain(&openssl);
    openssl.write("data", "what is stamped");
    for (name, hash) in [
        ("sha256", HashAlgorithm::Sha256),
        ("SHA384", HashAlgorithm::Sha384),
        ("sha512", HashAlgorithm::Sha512),
    ] {
        let digest = BASE64_STANDARD.encode(hash.digest(b"what is stamped"));
        let plain = json!({ "artifactHash": digest, "hashAlgorithm": name, "unknown": true });
        let reply = authority.query_json(&plain).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        assert!(verify(&openssl, &reply, ["-data", "data"], "untrusted.pem", NOW), "{name}");
        assert!(!verify(&openssl, &reply, ["-data", "data"], "between.pem", NOW), "{name}");
        assert!(text_of(&openssl, &reply).contains("Nonce: unspecified"));

        let whole = json!({
            "artifactHash": digest, "hashAlgorithm": name, "certificates": true, "nonce": 4_886_718_345_u64,
            "tsaPolicyOID": "1.3.6.1.4.1.57264.2",
        });
        let reply = authority.query_json(&whole).await;
        assert!(verify(&openssl, &reply, ["-data", "data"], "between.pem", NOW), "{name}");
        assert!(text_of(&openssl, &reply).contains("Nonce: 0x0123456789"));
    }
}

#[tokio::test]
async fn who_asks_believes_the_answer_to_the_question_by_the_trusted_chain_alone() {
    let (authority, other) =
        (Authority::new(KeyKind::EcdsaP256).await, Authority::new(KeyKind::EcdsaP256).await);
    let (query, again) = (Query::over(b"message").unwrap(), Query::over(b"message").unwrap());
    let answer = authority.query(query.to_der().unwrap()).await.body;
    assert_eq!(query.check(&answer, &authority.chain).unwrap().seconds(), NOW);
    assert!(matches!(query.check(&answer, &other.chain), Err(QueryError::OtherSigner)));
    assert!(matches!(again.check(&answer, &authority.chain), Err(QueryError::OtherQuestion)));
    assert!(matches!(query.check(&answer, &authority.chain[..1]), Err(QueryError::Chain(_))));
    let mut tampered = answer.to_vec();
    *tampered.last_mut().unwrap() ^= 1;
    assert!(matches!(query.check(&tampered, &authority.chain), Err(QueryError::Token(_))));
    assert!(matches!(query.check(&answer[1..], &authority.chain), Err(QueryError::Malformed(_))));
}
