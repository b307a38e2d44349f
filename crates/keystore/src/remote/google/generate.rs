use serde::Deserialize;
use serde_json::json;
use sigstead_crypto::KeyKind;

use super::{API, GcpKms, GcpKmsUri, unusable};
use crate::remote::exchange::{Answer, Fault, make_if_missing, persist};
use crate::surroundings::GENERATION;
use crate::{KeystoreError, Surroundings};

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
    let kms = GcpKms::at(uri.clone(), &surroundings.of_makers())?;
    let described = persist(surroundings.patience, || kms.describe()).await;
    let make = async {
        kms.create(ring, key, algorithm(kind)?).await?;
        persist(GENERATION, || kms.is_generated()).await
    };
    let needs = "to make the key, the caller needs the role roles/cloudkms.admin";
    make_if_missing(described, make).await.map_err(|fault| unusable(fault.told(needs)))
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
