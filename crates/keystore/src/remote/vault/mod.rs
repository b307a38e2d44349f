//! The transit engine of Vault and OpenBao.

mod door;
mod generate;
mod renewal;
mod uri;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_crypto::{PublicKey, SignatureAlgorithm};
use tokio::task::JoinSet;

use super::exchange::{Fault, persist};
use crate::{KeystoreError, Surroundings};
use door::Door;
pub(crate) use generate::make_missing;
pub use uri::VaultUri;

/// One version of a key in the transit engine.
#[derive(Debug)]
pub(crate) struct Vault {
    door: Arc<Door>,
    /// The path of the operation that signs.
    path: String,
    version: u64,
    /// Ends with the signer.
    _renewal: JoinSet<()>,
}

#[derive(Deserialize)]
struct Described {
    data: KeyData,
}

#[derive(Deserialize)]
struct KeyData {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u64,
    keys: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Signed {
    data: SignatureData,
}

#[derive(Deserialize)]
struct SignatureData {
    signature: String,
}

impl Vault {
    /// Finds the key, and settles on a version of it.
    pub(crate) async fn connect(
        uri: &VaultUri,
        surroundings: &Surroundings,
    ) -> Result<(Self, PublicKey), KeystoreError> {
        let door = Arc::new(Door::open(uri.token.as_ref(), surroundings)?);
        let [describing, path] = paths(uri, surroundings);
        let described = persist(surroundings.patience, || door.get::<Described>(&describing)).await;
        let unusable = |fault: Fault| {
            door.unusable(match fault {
                Fault::Missing(why) | Fault::Final(why) => {
                    format!("{why}\n  hint: `vault read {describing}` must show the key")
                }
                fault => fault.told(&format!(
                    "the token needs the policy `read` on {describing} and `update` on {path}"
                )),
            })
        };
        let key = described.map_err(unusable)?.data;
        let version = uri.version.unwrap_or(key.latest_version);
        let public_key = public_key(&key, version).map_err(unusable)?;
        let renewal = renewal::start(Arc::clone(&door), surroundings.patience);
        Ok((Self { door, path, version, _renewal: renewal }, public_key))
    }

    pub(super) async fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let request = request(self.version, algorithm, message);
        let signed: Signed = self.door.post(&self.path, &request).await?.json()?;
        let ours = format!("vault:v{}:", self.version);
        let signature = signed.data.signature.strip_prefix(&ours).map(|text| BASE64_STANDARD.decode(text));
        match signature {
            Some(Ok(signature)) => Ok(signature),
            _ => Err(Fault::Final("the answer is not a signature by that version of the key".to_owned())),
        }
    }

    /// Whether another token lies where the refused one was.
    pub(super) fn read_token_again(&self) -> bool {
        self.door.read_token_again()
    }
}

/// Where the key is described, and where it signs.
fn paths(uri: &VaultUri, surroundings: &Surroundings) -> [String; 2] {
    let mount = surroundings.variable("TRANSIT_SECRET_ENGINE_PATH");
    let mount = mount.as_deref().unwrap_or("transit").trim_matches('/');
    ["keys", "sign"].map(|deed| format!("{mount}/{deed}/{}", uri.key))
}

/// Of what depends on the key's type, Vault leaves aside what is not for this key.
fn request(version: u64, algorithm: SignatureAlgorithm, message: &[u8]) -> Value {
    if algorithm == SignatureAlgorithm::Ed25519 {
        return json!({ "key_version": version, "input": BASE64_STANDARD.encode(message) });
    }
    let hash = algorithm.hash();
    json!({
        "key_version": version,
        "input": BASE64_STANDARD.encode(hash.digest(message)),
        "prehashed": true,
        "hash_algorithm": format!("sha2-{}", hash.len() * 8),
        "signature_algorithm": "pkcs1v15",
        "marshaling_algorithm": "asn1",
    })
}

/// Ed25519 keys come as their 32 bytes, others in PEM; keys that do not sign have no public half.
fn public_key(key: &KeyData, version: u64) -> Result<PublicKey, Fault> {
    let unusable = |why: &str| Fault::Final(why.to_owned());
    let entry = key.keys.get(&version.to_string());
    let entry = entry.ok_or_else(|| unusable("the key has no such version"))?;
    let text = entry.pointer("/public_key").and_then(Value::as_str);
    let text = text.ok_or_else(|| unusable("a key of that type does not sign"))?;
    let parsed = if key.kind == "ed25519" {
        let raw = BASE64_STANDARD.decode(text).unwrap_or_default();
        PublicKey::from_ed25519_bytes(&raw)
    } else {
        PublicKey::from_pem(text.as_bytes())
    };
    parsed.map_err(|error| Fault::Final(error.to_string()))
}
