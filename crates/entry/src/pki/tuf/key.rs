use sigstead_crypto::{HashAlgorithm, PssSalt, PublicKey, PublicKeyKind, pem};

use super::{hex_bytes, text};
use crate::Rejection;
use crate::fields::Fields;

/// A key of the root; its `keytype` says how it signs, its `scheme` is not asked.
#[derive(Debug, Clone)]
pub(super) struct Key {
    key: PublicKey,
}

impl Key {
    pub(super) fn parse(key: Fields<'_>) -> Result<Self, Rejection> {
        let public = text(key.object("keyval"), "public")?;
        let parsed = match key.text("keytype").unwrap_or_default() {
            "ed25519" => ed25519(&public),
            // Older repositories give the point in hex.
            "ecdsa" | "ecdsa-sha2-nistp256" => pkix(&public)
                .ok()
                .filter(|key| !matches!(key.kind(), PublicKeyKind::Rsa { .. } | PublicKeyKind::Ed25519))
                .map_or_else(|| p256_point(&public), Ok),
            "rsa" => pkix(&public).and_then(|key| match key.kind() {
                PublicKeyKind::Rsa { .. } => Ok(key),
                _ => Err("invalid public key".to_owned()),
            }),
            _ => return Err(Rejection::entry("invalid key")),
        };
        let key = parsed.map_err(|why| Rejection::entry(format!("tuf: error unmarshalling key: {why}")))?;
        Ok(Self { key })
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.key.kind() {
            PublicKeyKind::Rsa { .. } => {
                self.key.verify_pss(PssSalt::DigestOrLongest, message, signature).is_ok()
            }
            _ => self.key.verify(HashAlgorithm::Sha256, message, signature).is_ok(),
        }
    }

    /// What makes it the same key under another id.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        self.key.fingerprint()
    }
}

fn ed25519(public: &str) -> Result<PublicKey, String> {
    let raw = hex_bytes(public).map_err(|error| error.to_string())?;
    PublicKey::from_ed25519_bytes(&raw).map_err(|_| {
        format!("tuf: unexpected public key length for ed25519 key, expected 32, got {}", raw.len())
    })
}

fn p256_point(public: &str) -> Result<PublicKey, String> {
    let raw = hex_bytes(public).map_err(|error| error.to_string())?;
    let point = PublicKey::from_point(PublicKeyKind::EcdsaP256, &raw);
    point.map_err(|_| "tuf: invalid ecdsa public key point".to_owned())
}

fn pkix(public: &str) -> Result<PublicKey, String> {
    let blocks = pem::blocks(public.as_bytes());
    let first = blocks.first().ok_or("invalid PEM value")?;
    if first.label != "PUBLIC KEY" {
        return Err(format!("invalid block type: {}", first.label));
    }
    PublicKey::from_spki_der(&first.der).map_err(|error| error.to_string())
}
