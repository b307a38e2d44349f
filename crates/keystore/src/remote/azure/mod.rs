//! Azure Key Vault and Managed HSM, over their REST API.

mod generate;
mod token;
mod uri;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;
use sigstead_crypto::{KeyError, PublicKey, Secret, SignatureAlgorithm};

use super::cached::Cached;
use super::exchange::{Answer, Fault, client, persist};
use crate::encoding::{ec_key, ecdsa_der, rsa_key};
use crate::{KeystoreError, Surroundings};
pub(crate) use generate::make_missing;
use token::Source;
pub use uri::AzureKmsUri;

const API_VERSION: &str = "api-version=7.4";

/// One version of a key in one of Azure's vaults.
#[derive(Debug)]
pub(crate) struct AzureKms {
    door: Box<Door>,
    /// The URL of the operation that signs.
    sign_url: String,
}

/// What lets us into a vault.
#[derive(Debug)]
struct Door {
    resource: String,
    client: reqwest::Client,
    source: Source,
    token: Cached<Secret<String>>,
    surroundings: Surroundings,
}

#[derive(Deserialize)]
struct Described {
    key: WebKey,
}

/// RFC 7517, with Azure's own types of keys in hardware.
#[derive(Deserialize)]
struct WebKey {
    kid: String,
    kty: String,
    #[serde(default)]
    key_ops: Vec<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Signed {
    value: String,
}

impl AzureKms {
    /// Finds the key, and settles on a version of it.
    pub(crate) async fn connect(
        uri: &AzureKmsUri,
        surroundings: &Surroundings,
    ) -> Result<(Self, PublicKey), KeystoreError> {
        let door = Box::new(Door::open(uri, surroundings)?);
        let needs = "the caller needs the role Key Vault Crypto User, or the permissions get and sign";
        let unusable = |fault: Fault| unusable(uri, fault.told(needs));
        let key_url = uri.url();
        let wanted =
            uri.version.as_ref().map_or_else(|| key_url.clone(), |version| format!("{key_url}/{version}"));
        let described = persist(surroundings.patience, || door.describe(&wanted)).await.map_err(unusable)?;
        let version = described
            .version()
            .ok_or_else(|| unusable(Fault::Final("the answer does not name the key's version".to_owned())))?;
        if !described.key_ops.iter().any(|deed| deed == "sign") {
            return Err(unusable(Fault::Final("the key's operations do not include sign".to_owned())));
        }
        let sign_url = format!("{key_url}/{version}/sign?{API_VERSION}");
        Ok((Self { door, sign_url }, described.public_key()?))
    }

    pub(super) async fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let alg = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => "ES256",
            SignatureAlgorithm::EcdsaP384Sha384 => "ES384",
            SignatureAlgorithm::EcdsaP521Sha512 => "ES512",
            SignatureAlgorithm::RsaPkcs1Sha256 => "RS256",
            SignatureAlgorithm::Ed25519 => return Err(no_ed25519()),
        };
        let digest = BASE64_URL_SAFE_NO_PAD.encode(algorithm.hash().digest(message));
        let request = self.door.client.post(&self.sign_url).json(&json!({ "alg": alg, "value": digest }));
        let signed: Signed = Answer::to(self.door.admitted(request).await?).await?.json()?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(&signed.value).ok();
        let signature = match algorithm {
            SignatureAlgorithm::RsaPkcs1Sha256 => signature,
            // RFC 7518 §3.4.
            _ => signature.and_then(|raw| ecdsa_der(&raw)),
        };
        signature.ok_or_else(|| Fault::Final("the answer is not a signature".to_owned()))
    }

    pub(super) async fn forget_token(&self) -> bool {
        self.door.token.forget().await;
        true
    }
}

fn no_ed25519() -> Fault {
    Fault::Final("Azure Key Vault has no Ed25519 keys".to_owned())
}

/// What is told when the vault, or the key in it, cannot be used.
fn unusable(uri: &AzureKmsUri, why: String) -> KeystoreError {
    KeystoreError::Service(format!("Azure Key Vault at {}", uri.vault), why)
}

impl Door {
    fn open(uri: &AzureKmsUri, surroundings: &Surroundings) -> Result<Self, KeystoreError> {
        Ok(Self {
            resource: uri.resource(),
            client: client(surroundings, |builder| builder.https_only(true))?,
            source: Source::find(surroundings),
            token: Cached::new(surroundings.clock.clone()),
            surroundings: surroundings.clone(),
        })
    }

    async fn describe(&self, url: &str) -> Result<WebKey, Fault> {
        let request = self.admitted(self.client.get(format!("{url}?{API_VERSION}"))).await?;
        let described: Described = Answer::to(request).await?.json()?;
        Ok(described.key)
    }

    async fn admitted(&self, request: RequestBuilder) -> Result<RequestBuilder, Fault> {
        let fetch = self.source.token(&self.resource, &self.surroundings);
        let token = self.token.or_fetch(fetch).await?;
        Ok(request.bearer_auth(token.expose()))
    }
}

impl WebKey {
    /// The last part of `https://VAULT/keys/KEY/VERSION`.
    fn version(&self) -> Option<&str> {
        let version = self.kid.rsplit('/').next()?;
        let is_one = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then_some(version)
    }

    fn public_key(&self) -> Result<PublicKey, KeyError> {
        let number = |text: &str| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text);
            bytes.map_err(|_| KeyError::Malformed("its numbers are not base64url".to_owned()))
        };
        match self.kty.trim_end_matches("-HSM") {
            "EC" => ec_key(&[vec![4], number(&self.x)?, number(&self.y)?].concat()),
            "RSA" => rsa_key(&number(&self.n)?, &number(&self.e)?),
            other => Err(KeyError::Unsupported(format!("a key of the type {other}"))),
        }
    }
}
