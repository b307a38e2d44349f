use sigstead_crypto::{HashAlgorithm, PublicKeyKind};

/// How a key signs: those values of `dev.sigstore.common.v1.PublicKeyDetails` that a log can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyDetails {
    /// RSA-2048, PKCS#1 v1.5, SHA-256.
    Rsa2048,
    /// RSA-3072, PKCS#1 v1.5, SHA-256.
    Rsa3072,
    /// RSA-4096, PKCS#1 v1.5, SHA-256.
    Rsa4096,
    /// P-256, SHA-256.
    EcdsaP256,
    /// P-384, SHA-384.
    EcdsaP384,
    /// P-521, SHA-512.
    EcdsaP521,
    /// Ed25519 over the message itself: only envelopes can have it, a digest cannot.
    Ed25519,
    /// Ed25519ph, SHA-512.
    Ed25519ph,
}

/// Kind, number, name, the key it needs, the hash it takes.
const TABLE: [(KeyDetails, i32, &str, PublicKeyKind, HashAlgorithm); 8] = {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use PublicKeyKind as Key;
    [
        (KeyDetails::EcdsaP256, 5, "PKIX_ECDSA_P256_SHA_256", Key::EcdsaP256, Sha256),
        (KeyDetails::Ed25519, 7, "PKIX_ED25519", Key::Ed25519, Sha512),
        (KeyDetails::Ed25519ph, 8, "PKIX_ED25519_PH", Key::Ed25519, Sha512),
        (KeyDetails::Rsa2048, 9, "PKIX_RSA_PKCS1V15_2048_SHA256", Key::Rsa { bits: 2048 }, Sha256),
        (KeyDetails::Rsa3072, 10, "PKIX_RSA_PKCS1V15_3072_SHA256", Key::Rsa { bits: 3072 }, Sha256),
        (KeyDetails::Rsa4096, 11, "PKIX_RSA_PKCS1V15_4096_SHA256", Key::Rsa { bits: 4096 }, Sha256),
        (KeyDetails::EcdsaP384, 12, "PKIX_ECDSA_P384_SHA_384", Key::EcdsaP384, Sha384),
        (KeyDetails::EcdsaP521, 13, "PKIX_ECDSA_P521_SHA_512", Key::EcdsaP521, Sha512),
    ]
};

impl KeyDetails {
    /// By its number in protobuf.
    pub fn from_number(number: i32) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// By its name in JSON.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, i32, &'static str, PublicKeyKind, HashAlgorithm) {
        const { assert!(TABLE.len() == Self::Ed25519ph as usize + 1) };
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }

    /// Its number in protobuf.
    pub fn number(self) -> i32 {
        self.row().1
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    pub(super) fn fits(self, key: PublicKeyKind) -> bool {
        self.row().3 == key
    }

    pub(super) fn hash(self) -> HashAlgorithm {
        self.row().4
    }
}

/// The ways of signing that a log takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithms(Vec<KeyDetails>);

impl Algorithms {
    /// What rekor-tiles takes since August 2026: everything but pure Ed25519.
    pub fn head() -> Self {
        Self(TABLE.iter().map(|row| row.0).filter(|details| *details != KeyDetails::Ed25519).collect())
    }

    /// What rekor-tiles 2.2 took, the last one with envelopes.
    pub fn tiles_2_2() -> Self {
        Self(TABLE.iter().map(|row| row.0).collect())
    }

    /// Those of the names of `PublicKeyDetails`; `Err` with the first one that no log can verify.
    ///
    /// # Errors
    /// When a name is unknown.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names
            .into_iter()
            .map(|name| KeyDetails::from_name(name).ok_or(name))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn allows(&self, details: KeyDetails) -> bool {
        self.0.contains(&details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row() {
        for (details, number, name, ..) in TABLE {
            assert_eq!(KeyDetails::from_number(number), Some(details));
            assert_eq!(KeyDetails::from_name(name), Some(details));
            assert_eq!((details.number(), details.name()), (number, name));
        }
        assert_eq!(KeyDetails::from_number(21), None, "ML-DSA");
    }

    #[test]
    fn lists_name_what_they_do_not_know() {
        assert_eq!(Algorithms::named(["PKIX_ED25519_PH", "ML_DSA_65"]), Err("ML_DSA_65"));
        assert!(Algorithms::named(["PKIX_ED25519_PH"]).unwrap().allows(KeyDetails::Ed25519ph));
        assert!(!Algorithms::head().allows(KeyDetails::Ed25519));
    }
}
