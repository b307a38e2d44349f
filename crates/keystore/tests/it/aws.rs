use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sigstead_crypto::{KeyKind, PublicKey};
use sigstead_keystore::{Surroundings, make_missing, open};
use sigstead_testkit::{Gate, Loopback, Moto};

use crate::contract::{
    Key, MADE, MESSAGE, MESSAGES as MESSAGES_OF_ANY_LENGTH, is_made, is_not_made, outlasts, refuses, signs,
    surroundings,
};
use crate::recorded::{key as recorded_key, reached_by, serve};

/// moto digests whatever comes, so these are all short enough to be sent as they are.
const MESSAGES: [&[u8]; 3] = [b"1", MESSAGE, &[7; 4096]];

const SPECS: [&str; 6] =
    ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "RSA_2048", "RSA_3072", "RSA_4096"];

/// A key, and a user whose credentials are in the environment.
async fn make(moto: &Moto, spec: &str) -> Key {
    let (id, public) = moto.make_key(spec, "SIGN_VERIFY").await;
    Key {
        uri: format!("awskms:///{id}"),
        surroundings: user(moto, &format!("user-{id}"), "kms:*").await,
        public_key: PublicKey::from_spki_der(&BASE64_STANDARD.decode(public).unwrap()).unwrap(),
    }
}

/// The environment of a user who may do this.
async fn user(moto: &Moto, name: &str, deeds: &str) -> Surroundings {
    let (access, secret) = moto.make_user(name, deeds).await;
    surroundings(vec![
        ("AWS_ENDPOINT_URL", moto.url()),
        ("AWS_REGION", Moto::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", access),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ])
}

#[tokio::test]
async fn keys_are_made_under_their_aliases() {
    let moto = Moto::start().await;
    let maker = user(&moto, "maker", "kms:*").await;
    let reader = user(&moto, "reader", "kms:GetPublicKey").await;
    moto.guard().await;
    // moto knows no Ed25519.
    for (at, kind) in MADE.into_iter().filter(|(kind, _)| *kind != KeyKind::Ed25519).enumerate() {
        is_made(&format!("awskms:///alias/new-{at}"), kind, &maker).await;
    }
    let hint = "hint: to make the key, the caller needs kms:CreateKey and kms:CreateAlias";
    is_not_made("awskms:///alias/none", KeyKind::EcdsaP256, &reader, hint).await;
    for id in ["1234abcd-12ab-34cd-56ef-1234567890ab", "alias/aws/none"] {
        let uri = format!("awskms:///{id}");
        assert!(!make_missing(&uri, KeyKind::EcdsaP256, &maker).await.unwrap(), "AWS names it");
        refuses(&uri, &maker, "NotFoundException", &[]).await;
    }
}

#[tokio::test]
async fn every_kind_of_key() {
    let moto = Moto::start().await;
    let mut keys = Vec::new();
    for spec in SPECS {
        keys.push(make(&moto, spec).await);
    }
    moto.guard().await;
    for key in keys {
        signs(&key, &MESSAGES).await;
    }
}

#[tokio::test]
async fn aliases_and_arns() {
    let moto = Moto::start().await;
    let mut key = make(&moto, "ECC_NIST_P256").await;
    let other = make(&moto, "ECC_NIST_P256").await;
    let id = key.uri.rsplit('/').next().unwrap().to_owned();
    moto.kms("CreateAlias", &json!({ "AliasName": "alias/issuing", "TargetKeyId": id })).await;
    key.uri = "awskms:///alias/issuing".to_owned();
    let signer = key.open().await;
    // Whoever holds the key by its alias goes on with it.
    let other = other.uri.rsplit('/').next().unwrap().to_owned();
    moto.kms("UpdateAlias", &json!({ "AliasName": "alias/issuing", "TargetKeyId": other })).await;
    let signature = signer.sign(MESSAGE).await.unwrap();
    key.public_key.verify(signer.algorithm().hash(), MESSAGE, &signature).unwrap();

    key.uri = format!("awskms:///arn:aws:kms:{}:123456789012:key/{id}", Moto::REGION);
    key.surroundings = key.but("AWS_REGION", "");
    signs(&key, &MESSAGES).await;
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let moto = Moto::start().await;
    let key = make(&moto, "ECC_NIST_P256").await;
    let (encrypts, _) = moto.make_key("RSA_2048", "ENCRYPT_DECRYPT").await;
    let encrypts = format!("awskms:///{encrypts}");
    refuses(&encrypts, &key.surroundings, "its usage must be SIGN_VERIFY", &[]).await;
    refuses("awskms:///alias/none", &key.surroundings, "NotFoundException", &[]).await;
    refuses(&key.uri, &key.but("AWS_REGION", ""), "hint: set AWS_REGION", &[]).await;
    moto.guard().await;
    let wrong = key.but("AWS_SECRET_ACCESS_KEY", "hunter2");
    refuses(&key.uri, &wrong, "hint: the caller needs kms:GetPublicKey and kms:Sign", &["hunter2"]).await;
    let none = surroundings(vec![
        ("AWS_REGION", Moto::REGION.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]);
    refuses(&key.uri, &none, "hint: AWS_ACCESS_KEY_ID", &[]).await;
}

#[tokio::test]
async fn a_server_that_goes_away_comes_back() {
    let moto = Moto::start().await;
    let gate = Gate::to(moto.address()).await;
    let mut key = make(&moto, "ECC_NIST_P256").await;
    key.surroundings = key.but("AWS_ENDPOINT_URL_KMS", &format!("http://{}", gate.address()));
    let secret = key.variable("AWS_SECRET_ACCESS_KEY");
    outlasts(&key, &gate, &[&secret]).await;
}

/// The credentials of a profile, of a container's agent, of a pod's identity, of the machine.
#[tokio::test]
async fn every_source_of_credentials() {
    let moto = Moto::start().await;
    let key = make(&moto, "ECC_NIST_P256").await;
    moto.make_role().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (access, secret) = (key.variable("AWS_ACCESS_KEY_ID"), key.variable("AWS_SECRET_ACCESS_KEY"));
    let from = |others: Vec<(&'static str, String)>| {
        let place = vec![("AWS_ENDPOINT_URL", moto.url()), ("AWS_REGION", Moto::REGION.to_owned())];
        surroundings(place.into_iter().chain(others).collect())
    };

    let machine = from(vec![("AWS_EC2_METADATA_SERVICE_ENDPOINT", moto.url())]);
    open(&key.uri, &machine).await.unwrap().sign(MESSAGE).await.unwrap();
    // STS takes this unsigned, which moto does not know; what it gave is proved below.
    let pod = from(vec![
        ("AWS_ROLE_ARN", Moto::ROLE.to_owned()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", write("token", "eyJ.e.y")),
    ]);
    let pod = open(&key.uri, &pod).await.unwrap();
    moto.guard().await;
    pod.sign(MESSAGE).await.unwrap();
    refuses(&key.uri, &machine, "hint: the caller needs", &["test-secret-key"]).await;

    let text = format!(
        "[other]\naws_access_key_id = no\n[ca]\naws_access_key_id = {access}\naws_secret_access_key={secret}\n"
    );
    let profile =
        [("AWS_PROFILE", "ca".to_owned()), ("AWS_SHARED_CREDENTIALS_FILE", write("credentials", &text))];
    open(&key.uri, &from(profile.to_vec())).await.unwrap().sign(MESSAGE).await.unwrap();

    let issued =
        json!({ "AccessKeyId": access, "SecretAccessKey": secret, "Expiration": "2999-01-01T00:00:00Z" });
    let agent = Loopback::serve(|_| {
        let answer = move |headers: HeaderMap| async move {
            let is_known = headers.get("authorization").is_some_and(|value| value == "agent-token");
            if is_known { Ok(issued.to_string()) } else { Err(StatusCode::FORBIDDEN) }
        };
        Router::new().route("/v1/credentials", get(answer))
    })
    .await;
    let container = |token: &str| {
        from(vec![
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/v1/credentials", agent.url())),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", write("agent", token)),
        ])
    };
    open(&key.uri, &container("agent-token")).await.unwrap().sign(MESSAGE).await.unwrap();
    refuses(&key.uri, &container("hunter2"), "403 Forbidden", &["hunter2"]).await;
}

/// What moto does not know; the requests' signatures are botocore's.
#[tokio::test]
async fn digests_and_ed25519() {
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (name, public, message) in
        [("aws/ed25519", "aws/ed25519", MESSAGE), ("aws/digest", "aws/ec-p256", MESSAGES_OF_ANY_LENGTH[2])]
    {
        let recorded = Arc::new(serve(&[name]).await);
        let variables = vec![
            ("AWS_ACCESS_KEY_ID", "AKIDRECORDED".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "recorded-secret".to_owned()),
        ];
        let surroundings = reached_by(&recorded, recorded.address(), variables);
        signs(&recorded_key(format!("awskms:///{arn}"), public, surroundings), &[message]).await;
    }
}
