use serde::{Deserialize, Serialize};
use serde_json::json;
use sigstead_crypto::{HashAlgorithm, PublicKey, PublicKeyKind, olpc_json, sha256};

use super::TufError;

/// A public key as the root names it (TUF specification §4.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    keytype: String,
    scheme: String,
    keyval: KeyValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeyValue {
    /// PEM for ECDSA, hex for Ed25519.
    public: String,
}

impl Key {
    pub(super) fn of(key: &PublicKey) -> Result<Self, TufError> {
        let (keytype, scheme, public) = match key.kind() {
            PublicKeyKind::EcdsaP256 => ("ecdsa", ECDSA_P256, key.to_pem()),
            PublicKeyKind::EcdsaP384 => ("ecdsa", ECDSA_P384, key.to_pem()),
            PublicKeyKind::Ed25519 => (ED25519, ED25519, hex::encode(key.key_bytes())),
            // Our RSA signatures are PKCS#1 v1.5, and go-tuf takes PSS alone; it knows no P-521.
            kind => return Err(TufError::UnusableKey(format!("{kind:?}"))),
        };
        Ok(Self { keytype: keytype.to_owned(), scheme: scheme.to_owned(), keyval: KeyValue { public } })
    }

    /// SHA-256 of its canonical form, in hex.
    pub(super) fn id(&self) -> String {
        let public = json!({ "public": self.keyval.public });
        let form = json!({ "keytype": self.keytype, "scheme": self.scheme, "keyval": public });
        // Only numbers could have no canonical form.
        hex::encode(sha256(&olpc_json::encode(&form).unwrap_or_default()))
    }

    pub(super) fn public_key(&self) -> Result<PublicKey, TufError> {
        let key = match self.scheme.as_str() {
            ED25519 => {
                let raw = hex::decode(&self.keyval.public)
                    .map_err(|error| TufError::Malformed(error.to_string()))?;
                PublicKey::from_ed25519_bytes(&raw)?
            }
            _ => PublicKey::from_pem(self.keyval.public.as_bytes())?,
        };
        // What is no key of ours under another scheme's name would be verified by other rules elsewhere.
        match Self::of(&key)? == *self {
            true => Ok(key),
            false => Err(TufError::UnusableKey(format!("{} with {}", self.keytype, self.scheme))),
        }
    }
}

/// Whether `signature` is of `key`, with the hash that its scheme names.
pub(crate) fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let hash = match key.kind() {
        PublicKeyKind::EcdsaP384 => HashAlgorithm::Sha384,
        PublicKeyKind::EcdsaP521 => HashAlgorithm::Sha512,
        _ => HashAlgorithm::Sha256,
    };
    key.verify(hash, message, signature).is_ok()
}

const ED25519: &str = "ed25519";
const ECDSA_P256: &str = "ecdsa-sha2-nistp256";
const ECDSA_P384: &str = "ecdsa-sha2-nistp384";
