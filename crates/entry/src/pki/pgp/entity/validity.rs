//! Whether signatures and keys count at some time.

use pgp::packet::{RevocationCode, Signature, SubpacketData};
use pgp::types::{Duration, KeyDetails, Timestamp};

/// No notation is known here, so a critical one forbids to believe the signature (RFC 9580, section 5.2.3.7).
pub(super) fn has_critical_notation(signature: &Signature) -> bool {
    let config = signature.config();
    config.is_some_and(|config| {
        config
            .hashed_subpackets()
            .any(|subpacket| subpacket.is_critical && matches!(subpacket.data, SubpacketData::Notation(_)))
    })
}

/// A compromised key never was good; any other revocation counts as long as it is not over.
pub(super) fn revokes(revocation: &Signature, now: Timestamp) -> bool {
    revocation.revocation_reason_code() == Some(&RevocationCode::KeyCompromised)
        || !is_expired(revocation, now)
}

pub(super) fn is_expired(signature: &Signature, now: Timestamp) -> bool {
    signature.created().is_none_or(|created| is_over(created, signature.signature_expiration_time(), now))
}

pub(super) fn is_key_expired(
    key: &dyn KeyDetails,
    self_signature: Option<&Signature>,
    now: Timestamp,
) -> bool {
    is_over(key.created_at(), self_signature.and_then(Signature::key_expiration_time), now)
}

/// Whether something made at `created` is not there yet or no longer; no lifetime and none at all are forever.
fn is_over(created: Timestamp, lifetime: Option<Duration>, now: Timestamp) -> bool {
    let (created, now) = (u64::from(created.as_secs()), u64::from(now.as_secs()));
    let lifetime = lifetime.map_or(0, |lifetime| u64::from(lifetime.as_secs()));
    created > now || lifetime != 0 && now > created + lifetime
}
