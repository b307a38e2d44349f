//! Google Cloud KMS, over its REST API.

mod generate;
mod token;
mod uri;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc::{CRC_32_ISCSI, Crc};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_crypto::{PublicKey, PublicKeyKind, Secret, SignatureAlgorithm};

use super::cached::Cached;
use super::exchange::{Answer, Fault, client, persist};
use crate::{KeystoreError, Surroundings};
pub(crate) use generate::make_missing;
use token::Source;
pub use uri::GcpKmsUri;

const API: &str = "https://cloudkms.googleapis.com/v1";
/// CRC32C, by which Google and its callers notice damage on the way.
const CASTAGNOLI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// One version of a key of Google Cloud KMS.
#[derive(Debug)]
pub(crate) struct GcpKms {
    name: String,
    client: reqwest::Client,
    source: Source,
    token: Cached<Secret<String>>,
    surroundings: Surroundings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    pem: String,
    pem_crc32c: String,
    algorithm: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    signature: String,
    signature_crc32c: String,
    #[serde(default)]
    verified_digest_crc32c: bool,
    #[serde(default)]
    verified_data_crc32c: bool,
    name: String,
}

impl GcpKms {
    /// Finds the key.
    pub(crate) async fn connect(
        uri: GcpKmsUri,
        surroundings: &Surroundings,
    ) -> Result<(Self, PublicKey), KeystoreError> {
        let kms = Self::at(uri, surroundings)?;
        let described = persist(surroundings.patience, || kms.describe()).await;
        let needs = "the caller needs the role roles/cloudkms.signerVerifier";
        let public_key = described.map_err(|fault| unusable(fault.told(needs)))?;
        Ok((kms, public_key))
    }

    /// Nothing is asked yet.
    fn at(uri: GcpKmsUri, surroundings: &Surroundings) -> Result<Self, KeystoreError> {
        Ok(Self {
            name: uri.name,
            client: client(surroundings, |builder| builder.https_only(true))?,
            source: Source::find(surroundings)?,
            token: Cached::new(surroundings.clock.clone()),
            surroundings: surroundings.clone(),
        })
    }

    async fn describe(&self) -> Result<PublicKey, Fault> {
        let request = self.admitted(self.client.get(format!("{API}/{}/publicKey", self.name))).await?;
        let described: Described = Answer::to(request).await?.json()?;
        if described.name != self.name || described.pem_crc32c != checksum(described.pem.as_bytes()) {
            return Err(damaged());
        }
        let key = PublicKey::from_pem(described.pem.as_bytes());
        let key = key.map_err(|error| Fault::Final(error.to_string()))?;
        if is_ours(&described.algorithm, key.kind()) {
            return Ok(key);
        }
        let algorithm = described.algorithm;
        Err(Fault::Final(format!("nothing here signs by {algorithm}; docs/keys.md lists what can be used")))
    }

    pub(super) async fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let is_ed25519 = algorithm == SignatureAlgorithm::Ed25519;
        let wanted = if is_ed25519 {
            json!({ "data": BASE64_STANDARD.encode(message), "dataCrc32c": checksum(message) })
        } else {
            let (name, digest) = (algorithm.hash().name(), algorithm.hash().digest(message));
            let digest_crc32c = checksum(&digest);
            json!({ "digest": { name: BASE64_STANDARD.encode(digest) }, "digestCrc32c": digest_crc32c })
        };
        let signed = self.ask(&wanted).await?;
        let signature = BASE64_STANDARD.decode(&signed.signature).map_err(|_| damaged())?;
        let came_whole = if is_ed25519 { signed.verified_data_crc32c } else { signed.verified_digest_crc32c };
        if signed.name != self.name || !came_whole || signed.signature_crc32c != checksum(&signature) {
            return Err(damaged());
        }
        Ok(signature)
    }

    async fn ask(&self, wanted: &Value) -> Result<Signed, Fault> {
        let request = self.client.post(format!("{API}/{}:asymmetricSign", self.name)).json(wanted);
        Answer::to(self.admitted(request).await?).await?.json()
    }

    async fn admitted(&self, request: RequestBuilder) -> Result<RequestBuilder, Fault> {
        let token = self.token.or_fetch(self.source.token(&self.surroundings)).await?;
        Ok(request.bearer_auth(token.expose()))
    }

    pub(super) async fn forget_token(&self) -> bool {
        self.token.forget().await;
        true
    }
}

/// What is told when the service, or the key in it, cannot be used.
fn unusable(why: String) -> KeystoreError {
    KeystoreError::Service("Google Cloud KMS".to_owned(), why)
}

/// As JSON carries 64-bit numbers: in text.
fn checksum(bytes: &[u8]) -> String {
    CASTAGNOLI.checksum(bytes).to_string()
}

/// What was damaged once may come whole the next time.
fn damaged() -> Fault {
    Fault::Passing("the answer is of another key, or was damaged on its way".to_owned())
}

/// Whether Google's algorithm is the one that a key of ours signs by.
fn is_ours(algorithm: &str, kind: PublicKeyKind) -> bool {
    match kind {
        PublicKeyKind::EcdsaP256 => algorithm == "EC_SIGN_P256_SHA256",
        PublicKeyKind::EcdsaP384 => algorithm == "EC_SIGN_P384_SHA384",
        PublicKeyKind::EcdsaP521 => false,
        PublicKeyKind::Rsa { bits } => algorithm == format!("RSA_SIGN_PKCS1_{bits}_SHA256"),
        PublicKeyKind::Ed25519 => algorithm == "EC_SIGN_ED25519",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720 appendix B.4.
    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(checksum(&[0; 32]), 0x8a91_36aa_u32.to_string());
        assert_eq!(checksum(&[0xff; 32]), 0x62a8_ab43_u32.to_string());
    }
}
