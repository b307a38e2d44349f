//! Ed25519ph (RFC 8032 §5.1) over a digest that was computed elsewhere; aws-lc has the pure form only.

use digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Reset, Update, typenum};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::VerifyError;

/// Checks `signature` over the message whose SHA-512 is `digest`.
pub(crate) fn verify(key: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let key = <&[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let key = key.ok_or(VerifyError::Invalid)?;
    let signature = Signature::from_slice(signature).map_err(|_| VerifyError::Invalid)?;
    let digest = <[u8; 64]>::try_from(digest).map_err(|_| VerifyError::DigestLength)?;
    key.verify_prehashed(Known(digest), None, &signature).map_err(|_| VerifyError::Invalid)
}

/// A SHA-512 computation of which only the result is known; updates have no effect.
#[derive(Clone)]
struct Known([u8; 64]);

impl Default for Known {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl HashMarker for Known {}

impl OutputSizeUser for Known {
    type OutputSize = typenum::U64;
}

impl Update for Known {
    fn update(&mut self, _data: &[u8]) {}
}

impl Reset for Known {
    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl FixedOutput for Known {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
