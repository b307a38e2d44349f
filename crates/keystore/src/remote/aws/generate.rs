use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_crypto::KeyKind;

use super::{AwsKmsUri, Door};
use crate::remote::exchange::{Fault, make_if_missing, persist};
use crate::{KeystoreError, Surroundings};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    key_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    arn: String,
}

/// Makes a key and gives it the alias, if nothing has that alias; says whether it did. Ids and ARNs are AWS' to choose.
pub(crate) async fn make_missing(
    uri: &AwsKmsUri,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    let Some(alias) = uri.alias() else { return Ok(false) };
    let door = Door::open(uri, &surroundings.of_makers())?;
    let named = json!({ "KeyId": alias });
    let shown = persist(surroundings.patience, || door.call::<Value>("GetPublicKey", &named)).await;
    let make = async {
        let wanted =
            json!({ "KeySpec": spec(kind), "KeyUsage": "SIGN_VERIFY", "Description": "made by sigstead" });
        // Asked once: a second attempt, after an answer that was lost, would make a second key.
        let Made { key_metadata: Metadata { arn } } = door.call("CreateKey", &wanted).await?;
        let wanted = json!({ "AliasName": alias, "TargetKeyId": arn });
        let named = persist(surroundings.patience, || door.ask("CreateAlias", &wanted)).await;
        let lost = |fault| Fault::Final(format!("{fault}\n  hint: the key was made, as awskms:///{arn}"));
        named.map(drop).map_err(lost)
    };
    let needs = "to make the key, the caller needs kms:CreateKey and kms:CreateAlias";
    make_if_missing(shown, make).await.map_err(|fault| door.unusable(fault.told(needs)))
}

const fn spec(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::EcdsaP256 => "ECC_NIST_P256",
        KeyKind::EcdsaP384 => "ECC_NIST_P384",
        KeyKind::EcdsaP521 => "ECC_NIST_P521",
        KeyKind::Rsa2048 => "RSA_2048",
        KeyKind::Rsa3072 => "RSA_3072",
        KeyKind::Rsa4096 => "RSA_4096",
        KeyKind::Ed25519 => "ECC_NIST_EDWARDS25519",
    }
}
