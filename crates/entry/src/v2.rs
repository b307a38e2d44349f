//! Entries of Rekor v2: hashedrekord 0.0.2, and dsse 0.0.2 for clients that still send it.
//!
//! A request comes as JSON or as protobuf; both say the same, so what is checked here are plain values.

mod algorithm;
mod dsse;
mod hashedrekord;

pub use algorithm::{Algorithms, KeyDetails};
pub use dsse::Dsse;
pub use hashedrekord::HashedRekord;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::Rejection;
use crate::pki::Verifier as Key;

/// What verifies a signature, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// The key, or who has it.
    pub material: Material,
    /// The number of `dev.sigstore.common.v1.PublicKeyDetails`.
    pub key_details: i32,
}

/// A key or a certificate; neither chain nor validity is checked, for a log only remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// SubjectPublicKeyInfo in DER.
    PublicKey(Vec<u8>),
    /// A certificate in DER.
    Certificate(Vec<u8>),
}

impl Verifier {
    /// The key with how it signs, if the log takes that.
    fn key(&self, algorithms: &Algorithms) -> Result<(Key, KeyDetails), Rejection> {
        let key = match &self.material {
            Material::PublicKey(der) => Key::from_spki_der(der)?,
            Material::Certificate(der) => Key::from_certificate_der(der)?,
        };
        let details = KeyDetails::from_number(self.key_details)
            .filter(|details| algorithms.allows(*details))
            .ok_or_else(|| Rejection::entry("the signing algorithm is not allowed on this log"))?;
        if !details.fits(key.key.kind()) {
            return Err(Rejection::entry(format!("the key is not of the kind {}", details.name())));
        }
        Ok((key, details))
    }

    fn canonical(&self, details: KeyDetails) -> CanonicalVerifier {
        let bytes = |der: &[u8]| RawBytes { raw_bytes: BASE64_STANDARD.encode(der) };
        let (public_key, x509_certificate) = match &self.material {
            Material::PublicKey(der) => (Some(bytes(der)), None),
            Material::Certificate(der) => (None, Some(bytes(der))),
        };
        CanonicalVerifier { key_details: details.name(), public_key, x509_certificate }
    }
}

/// A signature in the leaf, fields in the order of their names.
#[derive(Serialize)]
struct CanonicalSignature {
    content: String,
    verifier: CanonicalVerifier,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanonicalVerifier {
    key_details: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<RawBytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509_certificate: Option<RawBytes>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: String,
}

/// A digest in the leaf.
#[derive(Serialize)]
struct CanonicalDigest {
    algorithm: &'static str,
    digest: String,
}
