use std::collections::BTreeMap;

use sigstead_clock::Timestamp;
use sigstead_crypto::PublicKey;

use super::key::Key;
use super::metadata::{RoleKeys, Roles};
use super::{Envelope, Metadata, Role, Root, TufError};

/// Whose keys may sign for a role, and how many of them must.
#[derive(Debug, Clone, PartialEq)]
pub struct Signatories {
    /// Different keys.
    pub keys: Vec<PublicKey>,
    /// From 1 to as many as there are.
    pub threshold: usize,
}

/// What the next root shall say.
#[derive(Debug, Clone, PartialEq)]
pub struct RootPlan {
    /// People with keys that are offline.
    pub root: Signatories,
    /// The publisher's key, or again people's.
    pub targets: Signatories,
    /// The publisher's.
    pub snapshot: PublicKey,
    /// The publisher's.
    pub timestamp: PublicKey,
    /// When the next one is due at the latest.
    pub expires: Timestamp,
}

impl RootPlan {
    /// The root of that version, to be signed.
    ///
    /// # Errors
    /// When a threshold cannot be met or a key cannot be used, or a key of the root is also one for every day.
    pub fn metadata(&self, version: u64) -> Result<Metadata<Root>, TufError> {
        let Self { root, targets, snapshot, timestamp, expires } = self;
        let everyday = targets.keys.iter().chain([snapshot, timestamp]);
        if everyday.into_iter().any(|key| root.keys.contains(key)) {
            return Err(TufError::Plan("its own keys may not sign anything else".to_owned()));
        }
        let mut keys = BTreeMap::new();
        let one = |key: &PublicKey| Signatories { keys: vec![key.clone()], threshold: 1 };
        let roles = Roles {
            root: role_keys(Role::Root, root, &mut keys)?,
            targets: role_keys(Role::Targets, targets, &mut keys)?,
            snapshot: role_keys(Role::Snapshot, &one(snapshot), &mut keys)?,
            timestamp: role_keys(Role::Timestamp, &one(timestamp), &mut keys)?,
        };
        let body = Root { consistent_snapshot: true, keys, roles };
        Ok(Metadata::new(Role::Root, version, *expires, body))
    }
}

impl Signatories {
    /// Those that a root names for a role.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub fn of(root: &Root, role: Role) -> Result<Self, TufError> {
        let RoleKeys { keyids, threshold } = root.role(role);
        let missing = |id| TufError::Malformed(format!("the root names the key {id}, and does not hold it"));
        let key = |id| root.keys.get(id).ok_or_else(|| missing(id))?.public_key();
        Ok(Self { keys: keyids.iter().map(key).collect::<Result<_, _>>()?, threshold: *threshold })
    }
}

fn role_keys(
    role: Role,
    signatories: &Signatories,
    all: &mut BTreeMap<String, Key>,
) -> Result<RoleKeys, TufError> {
    let Signatories { keys, threshold } = signatories;
    let mut keyids = Vec::new();
    for key in keys {
        let key = Key::of(key)?;
        let id = key.id();
        if keyids.contains(&id) {
            return Err(TufError::Plan(format!("{role} has the key {id} twice")));
        }
        all.insert(id.clone(), key);
        keyids.push(id);
    }
    if *threshold == 0 || *threshold > keys.len() {
        return Err(TufError::Plan(format!(
            "{role} has {} keys, of which {threshold} cannot sign",
            keys.len()
        )));
    }
    Ok(RoleKeys { keyids, threshold: *threshold })
}

/// The root in `next`, if clients that trust `current` will follow to it (TUF specification §5.3.4, §5.3.5).
pub(super) fn successor(
    current: Option<&Metadata<Root>>,
    next: &Envelope,
) -> Result<Metadata<Root>, TufError> {
    let root: Metadata<Root> = next.metadata(Role::Root)?;
    let expected = current.map_or(0, |current| current.version).saturating_add(1);
    if root.version != expected {
        return Err(TufError::WrongVersion { found: root.version, next: expected });
    }
    if !root.body.consistent_snapshot {
        return Err(TufError::Plan("consistent_snapshot must be true".to_owned()));
    }
    if let Some(current) = current {
        next.verify(&current.body, Role::Root)?;
    }
    next.verify(&root.body, Role::Root)?;
    Ok(root)
}
