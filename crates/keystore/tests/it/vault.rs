use std::time::Duration;

use serde_json::json;
use sigstead_crypto::{KeyKind, PublicKey};
use sigstead_keystore::{make_missing, open};
use sigstead_testkit::{Gate, Vault};

use crate::contract::{
    Key, MADE, MESSAGE, MESSAGES, is_made, is_not_made, outlasts, refuses, signs, surroundings,
};

const TYPES: [&str; 7] =
    ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"];

/// A key whose public half Vault's own answer tells.
async fn make(vault: &Vault, name: &str, kind: &str) -> Key {
    vault.make_key(name, kind).await;
    let token = vault.token(name, 3600).await;
    let public_key = public_half(vault, name, 1).await;
    Key {
        uri: format!("hashivault://{name}"),
        surroundings: surroundings(vec![
            ("VAULT_ADDR", format!("http://{}", vault.address())),
            ("VAULT_TOKEN", token),
        ]),
        public_key,
    }
}

async fn public_half(vault: &Vault, name: &str, version: u64) -> PublicKey {
    use base64::Engine as _;

    let shown = vault.read(&format!("transit/keys/{name}")).await;
    let text =
        shown.pointer(&format!("/data/keys/{version}/public_key")).unwrap().as_str().unwrap().to_owned();
    match base64::prelude::BASE64_STANDARD.decode(&text) {
        Ok(raw) => PublicKey::from_ed25519_bytes(&raw).unwrap(),
        Err(_) => PublicKey::from_pem(text.as_bytes()).unwrap(),
    }
}

#[tokio::test]
async fn every_type_of_key() {
    let vault = Vault::start().await;
    for kind in TYPES {
        signs(&make(&vault, kind, kind).await, &MESSAGES).await;
    }
}

#[tokio::test]
async fn keys_are_made() {
    let vault = Vault::start().await;
    let key = make(&vault, "k", "ecdsa-p256").await;
    let root = key.but("VAULT_TOKEN", vault.root());
    for (at, kind) in MADE.into_iter().enumerate() {
        is_made(&format!("hashivault://new-{at}?version=1"), kind, &root).await;
    }
    let later = "hashivault://later?version=2";
    assert!(!make_missing(later, KeyKind::EcdsaP256, &root).await.unwrap(), "a key begins with version 1");
    refuses(later, &root, "404 Not Found", &[]).await;
    let reader = key.but("VAULT_TOKEN", &vault.token("none", 3600).await);
    let hint = "hint: to make the key, the token needs the policy `update` on transit/keys/none";
    is_not_made("hashivault://none", KeyKind::EcdsaP256, &reader, hint).await;
}

#[tokio::test]
async fn other_mounts_and_pinned_versions() {
    let vault = Vault::start().await;
    vault.write("sys/mounts/keys/of/ours", &json!({ "type": "transit" })).await;
    vault.write("keys/of/ours/keys/k", &json!({ "type": "ed25519" })).await;
    let mut key = make(&vault, "k", "ecdsa-p256").await;
    let elsewhere = key.but("TRANSIT_SECRET_ENGINE_PATH", "keys/of/ours");
    refuses(&key.uri, &elsewhere, "hint: the token needs the policy `read` on keys/of/ours/keys/k", &[])
        .await;

    let before = key.open().await;
    vault.write("transit/keys/k/rotate", &json!({})).await;
    let signature = before.sign(MESSAGE).await.unwrap();
    key.public_key.verify(before.algorithm().hash(), MESSAGE, &signature).unwrap();
    key.uri = "hashivault://k?version=1".to_owned();
    signs(&key, &MESSAGES).await;
    key.uri = "hashivault://k".to_owned();
    key.public_key = public_half(&vault, "k", 2).await;
    signs(&key, &MESSAGES).await;
    refuses("hashivault://k?version=3", &key.surroundings, "no such version", &[]).await;
}

#[tokio::test]
async fn a_key_that_was_replaced_under_its_name_signs_nothing() {
    let vault = Vault::start().await;
    let key = make(&vault, "k", "ecdsa-p256").await;
    let signer = key.open().await;
    vault.remove_key("k").await;
    vault.make_key("k", "ecdsa-p256").await;
    let refused = signer.sign(MESSAGE).await.unwrap_err().to_string();
    assert!(refused.contains("not by the key that was there at the start"), "{refused}");
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let vault = Vault::start().await;
    let key = make(&vault, "k", "ecdsa-p256").await;
    let hint = "hint: the token needs the policy `read` on transit/keys/k and `update` on transit/sign/k";
    refuses(&key.uri, &key.but("VAULT_TOKEN", "hvs.wrong"), hint, &["hvs.wrong"]).await;
    refuses(&key.uri, &key.but("VAULT_TOKEN", ""), "there is no token", &[]).await;
    refuses(&key.uri, &key.but("VAULT_ADDR", ""), "VAULT_ADDR is not set", &[]).await;
    refuses(&key.uri, &key.but("VAULT_ADDR", "https://u:hunter2@v"), "VAULT_ADDR is not", &["hunter2"]).await;
    let root = key.but("VAULT_TOKEN", vault.root());
    refuses("hashivault://none", &root, "hint: `vault read transit/keys/none` must show the key", &[]).await;
    vault.make_key("secret", "aes256-gcm96").await;
    refuses("hashivault://secret", &root, "a key of that type does not sign", &[vault.root()]).await;
}

#[tokio::test]
async fn a_server_that_goes_away_comes_back() {
    let vault = Vault::start().await;
    let gate = Gate::to(vault.address()).await;
    let mut key = make(&vault, "k", "ecdsa-p256").await;
    key.surroundings = key.but("VAULT_ADDR", &format!("http://{}", gate.address()));
    let token = key.variable("VAULT_TOKEN");
    outlasts(&key, &gate, &[&token]).await;
    vault.write("sys/seal", &json!({})).await;
    refuses(&key.uri, &key.surroundings, "503 Service Unavailable: Vault is sealed", &[&token]).await;
}

#[tokio::test]
async fn tokens_are_renewed_and_replaced() {
    let vault = Vault::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let key = make(&vault, "k", "ecdsa-p256").await;
    std::fs::write(&file, format!("{}\n", vault.token("k", 3).await)).unwrap();
    let uri = format!("hashivault://k?token-source=file:{}", file.display());
    let signer = open(&uri, &key.but("VAULT_TOKEN", "hvs.wrong")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    signer.sign(MESSAGE).await.unwrap();

    let revoked = std::fs::read_to_string(&file).unwrap();
    vault.write("auth/token/revoke", &json!({ "token": revoked.trim() })).await;
    let refused = signer.sign(MESSAGE).await.unwrap_err().to_string();
    assert!(refused.contains("403 Forbidden") && !refused.contains(revoked.trim()), "{refused}");
    std::fs::write(&file, vault.token("k", 60).await).unwrap();
    signer.sign(MESSAGE).await.unwrap();
}

#[tokio::test]
async fn the_usual_file_of_a_token() {
    let vault = Vault::start().await;
    let home = tempfile::tempdir().unwrap();
    let key = make(&vault, "k", "ed25519").await;
    std::fs::write(home.path().join(".vault-token"), vault.token("k", 60).await).unwrap();
    let variables = vec![
        ("VAULT_ADDR", format!("http://{}/", vault.address())),
        ("HOME", home.path().display().to_string()),
    ];
    let signer = open(&key.uri, &surroundings(variables)).await.unwrap();
    assert_eq!(signer.public_key(), &key.public_key);
}
