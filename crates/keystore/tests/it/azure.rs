use std::sync::Arc;

use sigstead_crypto::{KeyKind, PublicKeyKind};
use sigstead_keystore::make_missing;
use sigstead_testkit::{Gate, Recorded};

use crate::contract::{Key, MESSAGE, is_made, is_not_made, outlasts, refuses, signs};
use crate::recorded::{key, reached_by, serve};

const KEYS: [&str; 6] = ["ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096"];

fn uri(name: &str) -> String {
    format!("azurekms://myvault.vault.azure.net/{name}")
}

fn machine() -> Vec<(&'static str, String)> {
    vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://imds.recorded".to_owned())]
}

fn application(proof: (&'static str, String)) -> Vec<(&'static str, String)> {
    vec![
        ("AZURE_TENANT_ID", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490".to_owned()),
        ("AZURE_CLIENT_ID", "11111111-1111-1111-1111-111111111111".to_owned()),
        proof,
    ]
}

fn recorded_key(recorded: &Arc<Recorded>, name: &str, variables: Vec<(&'static str, String)>) -> Key {
    key(uri(name), &format!("azure/{name}"), reached_by(recorded, recorded.address(), variables))
}

#[tokio::test]
async fn every_kind_of_key() {
    for name in KEYS {
        let recorded = Arc::new(serve(&["azure/token", &format!("azure/{name}")]).await);
        signs(&recorded_key(&recorded, name, machine()), &[MESSAGE]).await;
    }
}

#[tokio::test]
async fn keys_are_made() {
    let kinds = [
        ("new-ec", (KeyKind::EcdsaP256, PublicKeyKind::EcdsaP256)),
        ("new-rsa", (KeyKind::Rsa2048, PublicKeyKind::Rsa { bits: 2048 })),
    ];
    let recorded = Arc::new(serve(&["azure/token", "azure/made"]).await);
    let surroundings = reached_by(&recorded, recorded.address(), machine());
    for (name, kind) in kinds {
        is_made(&uri(name), kind, &surroundings).await;
    }
    let hint = "hint: to make the key, the caller needs the role Key Vault Crypto Officer";
    is_not_made(&uri("denied"), KeyKind::EcdsaP256, &surroundings, hint).await;
    is_not_made(&uri("denied"), KeyKind::Ed25519, &surroundings, "has no Ed25519 keys").await;
    let version = uri("absent/9885aa558e8d448789683188f8c194b0");
    assert!(!make_missing(&version, KeyKind::EcdsaP256, &surroundings).await.unwrap(), "Azure names it");
}

#[tokio::test]
async fn every_source_of_tokens() {
    let recorded = Arc::new(serve(&["azure/token", "azure/ec-p256"]).await);
    let secret = application(("AZURE_CLIENT_SECRET", "recorded-secret".to_owned()));
    signs(&recorded_key(&recorded, "ec-p256", secret), &[MESSAGE]).await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "eyJ.kube").unwrap();
    let federated = application(("AZURE_FEDERATED_TOKEN_FILE", token.display().to_string()));
    signs(&recorded_key(&recorded, "ec-p256", federated), &[MESSAGE]).await;
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let recorded = Arc::new(serve(&["azure/token", "azure/refusals"]).await);
    let surroundings = reached_by(&recorded, recorded.address(), machine());
    let secret = ["eyJ.recorded"];
    let hint = "hint: the caller needs the role Key Vault Crypto User";
    refuses(&uri("denied"), &surroundings, hint, &secret).await;
    refuses(&uri("absent"), &surroundings, "absent was not found", &secret).await;
    refuses(&uri("wraps"), &surroundings, "do not include sign", &secret).await;
    refuses(&uri("octets"), &surroundings, "a key of the type oct", &secret).await;
    let wrong = application(("AZURE_CLIENT_SECRET", "hunter2".to_owned()));
    let wrong = reached_by(&recorded, recorded.address(), wrong);
    refuses(&uri("denied"), &wrong, "AADSTS7000215", &["hunter2"]).await;
}

#[tokio::test]
async fn a_server_that_goes_away_comes_back() {
    let recorded = Arc::new(serve(&["azure/token", "azure/ec-p256"]).await);
    let gate = Gate::to(recorded.address()).await;
    let surroundings = reached_by(&recorded, gate.address(), machine());
    outlasts(&key(uri("ec-p256"), "azure/ec-p256", surroundings), &gate, &["eyJ.recorded"]).await;
}
