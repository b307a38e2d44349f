use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_crypto::{HashAlgorithm, KeyKind, PublicKeyKind};
use sigstead_keystore::make_missing;
use sigstead_testkit::{Gate, Loopback, OpenSsl};

use crate::contract::{MESSAGE, is_made, is_not_made, outlasts, refuses, signs};
use crate::file::public_half;
use crate::recorded::{key, reached_by, serve};

const KEYS: [&str; 6] = ["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"];

fn uri(name: &str) -> String {
    let ring = "projects/my-project/locations/europe-west1/keyRings/sigstead";
    format!("gcpkms://{ring}/cryptoKeys/{name}/cryptoKeyVersions/1")
}

#[tokio::test]
async fn every_kind_of_key() {
    for name in KEYS {
        let recorded = Arc::new(serve(&["google/token", &format!("google/{name}")]).await);
        let surroundings = reached_by(&recorded, recorded.address(), Vec::new());
        signs(&key(uri(name), &format!("google/{name}"), surroundings), &[MESSAGE]).await;
    }
}

#[tokio::test]
async fn keys_are_made() {
    let recorded = Arc::new(serve(&["google/token", "google/made"]).await);
    let surroundings = reached_by(&recorded, recorded.address(), Vec::new());
    is_made(&uri("new"), (KeyKind::EcdsaP256, PublicKeyKind::EcdsaP256), &surroundings).await;
    let hint = "hint: to make the key, the caller needs the role roles/cloudkms.admin";
    is_not_made(&uri("denied"), KeyKind::EcdsaP256, &surroundings, hint).await;
    is_not_made(&uri("denied"), KeyKind::EcdsaP521, &surroundings, "has no keys on P-521").await;
    is_not_made(&uri("failed"), KeyKind::EcdsaP256, &surroundings, "the new key is GENERATION_FAILED").await;
    let later = uri("new").replace("Versions/1", "Versions/2");
    assert!(!make_missing(&later, KeyKind::EcdsaP256, &surroundings).await.unwrap(), "it begins with 1");
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let recorded = Arc::new(serve(&["google/token", "google/refusals"]).await);
    let surroundings = reached_by(&recorded, recorded.address(), Vec::new());
    let secret = ["ya29.recorded"];
    let hint = "hint: the caller needs the role roles/cloudkms.signerVerifier";
    refuses(&uri("denied"), &surroundings, hint, &secret).await;
    refuses(&uri("absent"), &surroundings, "not found", &secret).await;
    refuses(&uri("pss"), &surroundings, "nothing here signs by RSA_SIGN_PSS_2048_SHA256", &secret).await;
    refuses(&uri("damaged"), &surroundings, "was damaged on its way", &secret).await;
}

#[tokio::test]
async fn a_server_that_goes_away_comes_back() {
    let recorded = Arc::new(serve(&["google/token", "google/ec-p256"]).await);
    let gate = Gate::to(recorded.address()).await;
    let surroundings = reached_by(&recorded, gate.address(), Vec::new());
    outlasts(&key(uri("ec-p256"), "google/ec-p256", surroundings), &gate, &["ya29.recorded"]).await;
}

/// The token is bought with an assertion that the account's own key signed (RFC 7523).
#[tokio::test]
async fn service_accounts() {
    let openssl = OpenSsl::new();
    openssl.generate("account", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let account = public_half(&openssl, "account");
    let oauth = Loopback::serve(|url| {
        let audience = format!("{url}/token");
        let exchange = move |form: String| async move {
            let assertion = form
                .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
            let (signed, signature) = assertion.unwrap().rsplit_once('.').unwrap();
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            if account.verify(HashAlgorithm::Sha256, signed.as_bytes(), &signature).is_err() {
                return (StatusCode::BAD_REQUEST, json!({ "error": "invalid_grant" }).to_string());
            }
            let claims = BASE64_URL_SAFE_NO_PAD.decode(signed.rsplit('.').next().unwrap()).unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            let wanted = json!({
                "iss": "signer@my-project.iam.gserviceaccount.com",
                "scope": "https://www.googleapis.com/auth/cloudkms",
                "aud": audience,
                "iat": 1_795_248_000,
                "exp": 1_795_251_600,
            });
            assert_eq!(claims, wanted);
            (StatusCode::OK, json!({ "access_token": "ya29.recorded", "expires_in": 3599 }).to_string())
        };
        Router::new().route("/token", post(exchange))
    })
    .await;
    let write = |name: &str, key: &str| {
        let file = json!({
            "type": "service_account",
            "client_email": "signer@my-project.iam.gserviceaccount.com",
            "private_key_id": "1",
            "private_key": String::from_utf8(openssl.read(key)).unwrap(),
            "token_uri": format!("{}/token", oauth.url()),
        });
        openssl.write(name, file.to_string());
        openssl.folder().join(name).display().to_string()
    };
    let recorded = Arc::new(serve(&["google/ec-p256"]).await);
    let by = |file: String| {
        reached_by(&recorded, recorded.address(), vec![("GOOGLE_APPLICATION_CREDENTIALS", file)])
    };
    signs(&key(uri("ec-p256"), "google/ec-p256", by(write("right.json", "account"))), &[MESSAGE]).await;

    openssl.generate("other", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    refuses(&uri("ec-p256"), &by(write("wrong.json", "other")), "no access token: 400", &[]).await;
    openssl.write("user.json", json!({ "type": "authorized_user", "refresh_token": "hunter2" }).to_string());
    let user = openssl.folder().join("user.json").display().to_string();
    refuses(&uri("ec-p256"), &by(user), "authorized_user are not supported", &["hunter2"]).await;
}
