use serde_json::{Value, json};
use sigstead_crypto::KeyKind;

use super::{API_VERSION, AzureKmsUri, Door, no_ed25519, unusable};
use crate::remote::exchange::{Answer, Fault, make_if_missing, persist};
use crate::{KeystoreError, Surroundings};

/// Makes the key if the vault has none of that name, and says whether it did. Versions are Azure's to name.
pub(crate) async fn make_missing(
    uri: &AzureKmsUri,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    if uri.version.is_some() {
        return Ok(false);
    }
    let (door, url) = (Door::open(uri, &surroundings.of_makers())?, uri.url());
    let described = persist(surroundings.patience, || door.describe(&url)).await;
    let make = async {
        // Asked once: a second attempt, after an answer that was lost, would make a second version.
        let request = door.client.post(format!("{url}/create?{API_VERSION}")).json(&wanted(kind, uri)?);
        Answer::to(door.admitted(request).await?).await?.accepted().map(drop)
    };
    let needs =
        "to make the key, the caller needs the role Key Vault Crypto Officer, or the permission create";
    make_if_missing(described, make).await.map_err(|fault| unusable(uri, fault.told(needs)))
}

fn wanted(kind: KeyKind, uri: &AzureKmsUri) -> Result<Value, Fault> {
    let hardware = if uri.is_managed_hsm() { "-HSM" } else { "" };
    let curve =
        |name: &str| json!({ "kty": format!("EC{hardware}"), "crv": name, "key_ops": ["sign", "verify"] });
    let rsa = |bits: u32| json!({ "kty": format!("RSA{hardware}"), "key_size": bits, "key_ops": ["sign", "verify"] });
    Ok(match kind {
        KeyKind::EcdsaP256 => curve("P-256"),
        KeyKind::EcdsaP384 => curve("P-384"),
        KeyKind::EcdsaP521 => curve("P-521"),
        KeyKind::Rsa2048 => rsa(2048),
        KeyKind::Rsa3072 => rsa(3072),
        KeyKind::Rsa4096 => rsa(4096),
        KeyKind::Ed25519 => return Err(no_ed25519()),
    })
}
