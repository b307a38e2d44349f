use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use sigstead_crypto::KeyKind;

use super::{API, GcpKms, GcpKmsUri, unusable};
use crate::remote::exchange::{Answer, Fault, persist};
use crate::{KeystoreError, Surroundings};

/// How long Google may take from the key to its material.
const GENERATION: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Version {
    state: String,
}

/// Makes the key, in software, if its ring has none of that name, and says whether it did. A later version than the first is
/// not made.
pub(crate) async fn make_missing(
    uri: &GcpKmsUri,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    let Some((ring, key)) = uri.of_a_new_key() else { return Ok(false) };
    let kms = GcpKms::at(uri.clone(), surroundings)?;
    // Whatever else is wrong is told when the key is opened.
    if !matches!(persist(surroundings.patience, || kms.describe()).await, Err(Fault::Missing(_))) {
        return Ok(false);
    }
    let made = async {
        kms.create(ring, key, algorithm(kind)?).await?;
        persist(GENERATION, || kms.is_generated()).await
    };
    match made.await {
        Ok(()) => Ok(true),
        Err(Fault::Denied(why)) => {
            let hint = "to make the key, the caller needs the role roles/cloudkms.admin";
            Err(unusable(format!("{why}\n  hint: {hint}")))
        }
        Err(fault) => Err(unusable(fault.to_string())),
    }
}

impl GcpKms {
    async fn create(&self, ring: &str, key: &str, algorithm: &str) -> Result<(), Fault> {
        let wanted = json!({ "purpose": "ASYMMETRIC_SIGN", "versionTemplate": { "algorithm": algorithm } });
        let request = self.client.post(format!("{API}/{ring}/cryptoKeys?cryptoKeyId={key}")).json(&wanted);
        Answer::to(self.admitted(request).await?).await?.accepted().map(drop)
    }

    async fn is_generated(&self) -> Result<(), Fault> {
        let request = self.admitted(self.client.get(format!("{API}/{}", self.name))).await?;
        let version: Version = Answer::to(request).await?.json()?;
        match version.state.as_str() {
            "ENABLED" => Ok(()),
            "PENDING_GENERATION" => Err(Fault::Passing("the key is still being generated".to_owned())),
            state => Err(Fault::Final(format!("the new key is {state}"))),
        }
    }
}

fn algorithm(kind: KeyKind) -> Result<&'static str, Fault> {
    Ok(match kind {
        KeyKind::EcdsaP256 => "EC_SIGN_P256_SHA256",
        KeyKind::EcdsaP384 => "EC_SIGN_P384_SHA384",
        KeyKind::EcdsaP521 => return Err(Fault::Final("Google Cloud KMS has no keys on P-521".to_owned())),
        KeyKind::Rsa2048 => "RSA_SIGN_PKCS1_2048_SHA256",
        KeyKind::Rsa3072 => "RSA_SIGN_PKCS1_3072_SHA256",
        KeyKind::Rsa4096 => "RSA_SIGN_PKCS1_4096_SHA256",
        KeyKind::Ed25519 => "EC_SIGN_ED25519",
    })
}
