use pgp::packet::Signature;
use pgp::types::{KeyDetails, Timestamp};

use super::validity::{has_critical_notation, is_expired, is_key_expired, revokes};
use super::{Entity, Subkey};
use crate::Rejection;

/// A key that can sign, and to whom it belongs.
#[derive(Clone, Copy)]
pub(in crate::pki::pgp) enum Signer<'a> {
    Primary(&'a Entity),
    Subkey(&'a Entity, &'a Subkey),
}

impl<'a> Signer<'a> {
    pub(in crate::pki::pgp) fn key(&self) -> &'a dyn KeyDetails {
        match self {
            Self::Primary(entity) => &entity.primary,
            Self::Subkey(_, subkey) => &subkey.key,
        }
    }

    fn entity(self) -> &'a Entity {
        match self {
            Self::Primary(entity) | Self::Subkey(entity, _) => entity,
        }
    }

    /// The signature that says what the key is for.
    fn self_signature(self) -> Option<&'a Signature> {
        match self {
            Self::Primary(entity) => entity.self_signature(),
            Self::Subkey(_, subkey) => subkey.binding.as_ref().map(|(signature, _)| signature),
        }
    }

    pub(in crate::pki::pgp) fn may_sign(self) -> bool {
        self.self_signature().is_some_and(|signature| signature.key_flags().sign())
    }

    pub(in crate::pki::pgp) fn verify(self, signature: &Signature, message: &[u8]) -> Result<(), Rejection> {
        match self {
            Self::Primary(entity) => signature.verify(&entity.primary, message),
            Self::Subkey(_, subkey) => signature.verify(&subkey.key, message),
        }
        .map_err(|_| Rejection::entry(format!("openpgp: invalid signature: {}", failure(self.key()))))
    }

    /// Whether key and signatures were good when `signature` was made.
    pub(in crate::pki::pgp) fn is_valid_for(self, signature: &Signature) -> Result<(), Rejection> {
        let reject = |why: &str| Rejection::entry(format!("openpgp: {why}"));
        let now = signature.created().ok_or_else(|| reject("invalid data: no creation time"))?;
        let reasons = [
            (
                self.relevant(signature).any(has_critical_notation),
                "invalid signature: unknown critical notation",
            ),
            (self.is_revoked(now), "signature made by revoked key"),
            (self.is_expired(now), "key expired"),
            (self.relevant(signature).any(|signature| is_expired(signature, now)), "signature expired"),
        ];
        let reason = reasons.into_iter().find(|(holds, _)| *holds);
        reason.map_or(Ok(()), |(_, why)| Err(reject(why)))
    }

    /// The signatures that must be good for `signature` to be.
    fn relevant<'s>(self, signature: &'s Signature) -> impl Iterator<Item = &'s Signature>
    where
        'a: 's,
    {
        let own = self.self_signature();
        let back = match self {
            Self::Primary(_) => None,
            Self::Subkey(..) => own.and_then(Signature::embedded_signature),
        };
        [Some(signature), self.entity().self_signature(), own, back].into_iter().flatten()
    }

    fn is_revoked(self, now: Timestamp) -> bool {
        let entity = self.entity();
        let of_user = entity.primary_user().map(|user| &user.revocations);
        let of_subkey = match self {
            Self::Primary(_) => None,
            Self::Subkey(_, subkey) => Some(&subkey.revocations),
        };
        let lists = [Some(&entity.revocations), of_user, of_subkey];
        lists.into_iter().flatten().flatten().any(|revocation| revokes(revocation, now))
    }

    fn is_expired(self, now: Timestamp) -> bool {
        let entity = self.entity();
        is_key_expired(&entity.primary, entity.self_signature(), now)
            || is_key_expired(self.key(), self.self_signature(), now)
    }
}

/// The library's words, by algorithm.
fn failure(key: &dyn KeyDetails) -> &'static str {
    use pgp::crypto::public_key::PublicKeyAlgorithm::{DSA, ECDSA, Ed448, Ed25519, EdDSALegacy};
    match key.algorithm() {
        DSA => "DSA verification failure",
        ECDSA => "ECDSA verification failure",
        EdDSALegacy => "EdDSA verification failure",
        Ed25519 => "Ed25519 verification failure",
        Ed448 => "ed448 verification failure",
        _ => "RSA verification failure",
    }
}
