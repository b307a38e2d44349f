use serde_json::json;
use sigstead_crypto::KeyKind;

use super::door::Door;
use super::{Described, VaultUri, paths};
use crate::remote::exchange::{Fault, persist};
use crate::{KeystoreError, Surroundings};

/// Makes the key in the transit engine if it has none of that name, and says whether it did. A later version than the first
/// is not made.
pub(crate) async fn make_missing(
    uri: &VaultUri,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    let door = Door::open(uri.token.as_ref(), surroundings)?;
    let [path, _] = paths(uri, surroundings);
    let described = persist(surroundings.patience, || door.get::<Described>(&path)).await;
    // Whatever else is wrong is told when the key is opened.
    if !matches!(described, Err(Fault::Missing(_))) || uri.version.is_some_and(|version| version != 1) {
        return Ok(false);
    }
    let wanted = json!({ "type": type_of(kind) });
    // Once more for one that is there by now changes nothing.
    let made = persist(surroundings.patience, || async { door.post(&path, &wanted).await?.accepted() }).await;
    match made {
        Ok(_) => Ok(true),
        Err(Fault::Denied(why)) => Err(door.unusable(format!(
            "{why}\n  hint: to make the key, the token needs the policy `update` on {path}"
        ))),
        Err(fault) => Err(door.unusable(fault.to_string())),
    }
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
