use serde_json::json;
use sigstead_crypto::KeyKind;

use super::door::Door;
use super::{Described, VaultUri, paths};
use crate::remote::exchange::{make_if_missing, persist};
use crate::surroundings::GENERATION;
use crate::{KeystoreError, Surroundings};

/// Makes the key in the transit engine if it has none of that name, and says whether it did. A later version than the first
/// is not made.
pub(crate) async fn make_missing(
    uri: &VaultUri,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    if uri.version.is_some_and(|version| version != 1) {
        return Ok(false);
    }
    let door = Door::open(uri.token.as_ref(), &surroundings.of_makers())?;
    let [path, _] = paths(uri, surroundings);
    let described = persist(surroundings.patience, || door.get::<Described>(&path)).await;
    let wanted = json!({ "type": type_of(kind) });
    // Once more for one that is there by now changes nothing.
    let attempt = async || door.post(&path, &wanted).await?.accepted().map(drop);
    let make = persist(GENERATION, attempt);
    let needs = format!("to make the key, the token needs the policy `update` on {path}");
    make_if_missing(described, make).await.map_err(|fault| door.unusable(fault.told(&needs)))
}

const fn type_of(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::EcdsaP256 => "ecdsa-p256",
        KeyKind::EcdsaP384 => "ecdsa-p384",
        KeyKind::EcdsaP521 => "ecdsa-p521",
        KeyKind::Rsa2048 => "rsa-2048",
        KeyKind::Rsa3072 => "rsa-3072",
        KeyKind::Rsa4096 => "rsa-4096",
        KeyKind::Ed25519 => "ed25519",
    }
}
