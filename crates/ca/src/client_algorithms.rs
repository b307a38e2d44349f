use sigstead_crypto::HashAlgorithm::{Sha256, Sha384, Sha512};
use sigstead_crypto::PublicKeyKind::{EcdsaP256, EcdsaP384, EcdsaP521, Ed25519, Rsa};
use sigstead_crypto::{HashAlgorithm, PublicKeyKind};
use thiserror::Error;

/// Fulcio's name, the kind of key, the hash, and whether it is allowed unless something else is said.
static KNOWN: [Known; 9] = [
    ("ecdsa-sha2-256-nistp256", EcdsaP256, Sha256, true),
    ("ecdsa-sha2-384-nistp384", EcdsaP384, Sha384, true),
    ("ecdsa-sha2-512-nistp521", EcdsaP521, Sha512, true),
    ("rsa-sign-pkcs1-2048-sha256", Rsa { bits: 2048 }, Sha256, true),
    ("rsa-sign-pkcs1-3072-sha256", Rsa { bits: 3072 }, Sha256, true),
    ("rsa-sign-pkcs1-4096-sha256", Rsa { bits: 4096 }, Sha256, true),
    // Ed25519 hashes with SHA-512 inside.
    ("ed25519", Ed25519, Sha512, true),
    // Only in signing requests: a proof of possession has the hash that belongs to its curve.
    ("ecdsa-sha2-256-nistp384", EcdsaP384, Sha256, false),
    ("ecdsa-sha2-256-nistp521", EcdsaP521, Sha256, false),
];

/// Kinds of key, each with a hash, that clients may have certified (Fulcio's `--client-signing-algorithms`).
#[derive(Debug, Clone)]
pub struct ClientAlgorithms(Vec<&'static Known>);

type Known = (&'static str, PublicKeyKind, HashAlgorithm, bool);

/// A name that no algorithm here has; an operator configured it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0} is not an algorithm that clients can sign with here; these are: {names}", names = names())]
pub struct UnknownAlgorithm(String);

impl ClientAlgorithms {
    /// From Fulcio's names.
    ///
    /// # Errors
    /// With the first name that is not known.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownAlgorithm> {
        let known = |name: &str| {
            let found = KNOWN.iter().find(|(known, ..)| *known == name);
            found.ok_or_else(|| UnknownAlgorithm(name.to_owned()))
        };
        names.into_iter().map(known).collect::<Result<_, _>>().map(Self)
    }

    /// Fulcio's name of the algorithm, if it is among these.
    pub(crate) fn name_of(&self, kind: PublicKeyKind, hash: HashAlgorithm) -> Option<&'static str> {
        self.0.iter().find(|(_, known, with, _)| (*known, *with) == (kind, hash)).map(|(name, ..)| *name)
    }

    /// Fulcio's names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, ..)| *name)
    }
}

/// Each kind of key with the hash of its strength.
impl Default for ClientAlgorithms {
    fn default() -> Self {
        Self(KNOWN.iter().filter(|(.., is_usual)| *is_usual).collect())
    }
}

fn names() -> String {
    KNOWN.map(|(name, ..)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_defaults() {
        let usual = ClientAlgorithms::default();
        assert_eq!(usual.name_of(EcdsaP384, Sha384), Some("ecdsa-sha2-384-nistp384"));
        assert_eq!(usual.name_of(Rsa { bits: 3072 }, Sha256), Some("rsa-sign-pkcs1-3072-sha256"));
        assert_eq!(usual.name_of(EcdsaP384, Sha256).or(usual.name_of(Rsa { bits: 3072 }, Sha512)), None);
        let some = ClientAlgorithms::from_names(["ed25519", "ecdsa-sha2-256-nistp384"]).unwrap();
        assert_eq!(some.name_of(EcdsaP384, Sha256), Some("ecdsa-sha2-256-nistp384"));
        assert_eq!(some.name_of(EcdsaP256, Sha256), None);
        assert_eq!(some.names().collect::<Vec<_>>(), ["ed25519", "ecdsa-sha2-256-nistp384"]);
        for wrong in ["ed25519-ph", "rsa-sign-pss-2048-sha256", ""] {
            let error = ClientAlgorithms::from_names([wrong]).unwrap_err();
            assert!(error.to_string().contains("ecdsa-sha2-256-nistp256"));
        }
    }
}
