//! One primary key with its user ids and subkeys, as Rekor's library reads it: what is not bound to the primary
//! key by a signature is left out or makes the key unreadable.

mod read;
mod signer;
mod validity;

use pgp::packet::{PublicKey, PublicSubkey, Signature, UserId};
use pgp::types::{KeyDetails as _, KeyVersion};

pub(super) use signer::Signer;

#[derive(Debug, Clone)]
pub(super) struct Entity {
    primary: PublicKey,
    primary_packet: Vec<u8>,
    revocations: Vec<Signature>,
    /// Key revocations, then (of version 6 only) direct-key signatures, as written.
    own_packets: Vec<u8>,
    direct: Option<Signature>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

#[derive(Debug, Clone)]
struct User {
    id: UserId,
    /// The id and every certification of it, as written.
    packets: Vec<u8>,
    /// The newest.
    self_signature: Option<Signature>,
    revocations: Vec<Signature>,
}

#[derive(Debug, Clone)]
pub(super) struct Subkey {
    key: PublicSubkey,
    is_secret: bool,
    key_packet: Vec<u8>,
    revocations: Vec<Signature>,
    revocation_packets: Vec<u8>,
    /// The newest, and as written.
    binding: Option<(Signature, Vec<u8>)>,
}

impl Entity {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.primary_packet);
        out.extend_from_slice(&self.own_packets);
        for user in &self.users {
            out.extend_from_slice(&user.packets);
        }
        for subkey in &self.subkeys {
            out.extend_from_slice(&subkey.key_packet);
            out.extend_from_slice(&subkey.revocation_packets);
            out.extend(subkey.binding.iter().flat_map(|(_, packet)| packet));
        }
    }

    /// The address in each user id: `Name (comment) <address>`, or the whole of it.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter_map(|user| user.id.as_str()).map(address)
    }

    pub(super) fn secret_encryption_keys(&self) -> usize {
        let encrypts = |subkey: &&Subkey| {
            let flags = subkey.binding.as_ref().map(|(signature, _)| signature.key_flags());
            subkey.is_secret && flags.is_some_and(|flags| flags.encrypt_comms() || flags.encrypt_storage())
        };
        self.subkeys.iter().filter(encrypts).count()
    }

    pub(super) fn signers(&self) -> impl Iterator<Item = Signer<'_>> {
        let subkeys = self.subkeys.iter().map(move |subkey| Signer::Subkey(self, subkey));
        std::iter::once(Signer::Primary(self)).chain(subkeys)
    }

    /// The user id that speaks for the key.
    fn primary_user(&self) -> Option<&User> {
        self.users.iter().reduce(|first, other| if other.is_preferred_to(first) { other } else { first })
    }

    /// What says how long the key is valid.
    fn self_signature(&self) -> Option<&Signature> {
        if self.primary.version() == KeyVersion::V6 {
            return self.direct.as_ref();
        }
        self.primary_user()?.self_signature.as_ref()
    }
}

impl User {
    fn is_preferred_to(&self, other: &Self) -> bool {
        let rank = |user: &Self| {
            let is_primary = user.self_signature.as_ref().is_some_and(Signature::is_primary);
            let created = user.self_signature.as_ref().and_then(Signature::created);
            (std::cmp::Reverse(user.revocations.len()), is_primary, created)
        };
        rank(self) > rank(other)
    }
}

fn address(id: &str) -> &str {
    let in_brackets = id.split_once('<').map(|(_, rest)| rest.split('>').next().unwrap_or_default());
    in_brackets.map(str::trim).filter(|address| !address.is_empty()).unwrap_or_else(|| id.trim())
}
