use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sigstead_clock::Timestamp;
use sigstead_crypto::sha256;

use super::TufError;
use super::key::Key;

/// The version of the specification that is followed.
const SPEC_VERSION: &str = "1.0.31";

/// The top-level roles (TUF specification §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Says whose keys count.
    Root,
    /// Says which files there are.
    Targets,
    /// Says which version of the targets is current.
    Snapshot,
    /// Says which snapshot is current.
    Timestamp,
}

impl Role {
    /// As metadata names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    /// Where a version of it is kept (§3.2, consistent snapshots).
    pub(crate) fn file_name(self, version: u64) -> String {
        match self {
            Self::Timestamp => "timestamp.json".to_owned(),
            _ => format!("{version}.{}.json", self.name()),
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The signed part of a role's file (§4.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata<B> {
    /// Whose file it is.
    #[serde(rename = "_type")]
    pub role: Role,
    /// What it is written by.
    pub spec_version: String,
    /// From 1 on, never smaller than one that a client has seen.
    pub version: u64,
    /// Clients refuse it from then on.
    #[serde(with = "rfc3339")]
    pub expires: Timestamp,
    /// What the role says.
    #[serde(flatten)]
    pub body: B,
}

impl<B> Metadata<B> {
    pub(super) fn new(role: Role, version: u64, expires: Timestamp, body: B) -> Self {
        Self { role, spec_version: SPEC_VERSION.to_owned(), version, expires, body }
    }
}

/// Whose keys count (§4.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// Whether files have their version or digest in their name; always, here.
    pub consistent_snapshot: bool,
    /// Keys by their ids.
    pub keys: BTreeMap<String, Key>,
    /// Who may sign what.
    pub roles: Roles,
}

/// The keys of each role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Roles {
    /// For the next root, with this one's.
    pub root: RoleKeys,
    /// For targets.
    pub targets: RoleKeys,
    /// For snapshots.
    pub snapshot: RoleKeys,
    /// For timestamps.
    pub timestamp: RoleKeys,
}

/// Which keys may sign for a role, and how many of them must.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleKeys {
    /// Ids of [`Root::keys`].
    pub keyids: Vec<String>,
    /// How many different keys must sign.
    pub threshold: usize,
}

impl Root {
    /// The keys of one role.
    pub const fn role(&self, role: Role) -> &RoleKeys {
        match role {
            Role::Root => &self.roles.root,
            Role::Targets => &self.roles.targets,
            Role::Snapshot => &self.roles.snapshot,
            Role::Timestamp => &self.roles.timestamp,
        }
    }
}

/// Which files there are (§4.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// Files by their names.
    pub targets: BTreeMap<String, TargetFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetFile {
    /// In bytes.
    pub length: u64,
    /// Of its bytes.
    pub hashes: Hashes,
    /// What older clients find it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<serde_json::Value>,
}

/// SHA-256 alone: go-tuf asks for a file by any of the digests that are listed, so each would need a copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hashes {
    /// In hex.
    pub sha256: String,
}

impl Hashes {
    pub(super) fn of(content: &[u8]) -> Self {
        Self { sha256: hex::encode(sha256(content)) }
    }
}

/// The metadata files that a snapshot or a timestamp vouches for (§4.4, §4.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Listing {
    pub(super) meta: BTreeMap<String, FileMeta>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FileMeta {
    pub(super) version: u64,
    pub(super) length: u64,
    pub(super) hashes: Hashes,
}

impl Listing {
    /// Vouches for one file.
    pub(super) fn of(role: Role, version: u64, content: &[u8]) -> Self {
        let meta = FileMeta { version, length: length(content), hashes: Hashes::of(content) };
        Self { meta: BTreeMap::from([(format!("{role}.json"), meta)]) }
    }

    /// Whether `content` is the file that it vouches for.
    pub(super) fn vouches(&self, role: Role, version: u64, content: &[u8]) -> Result<(), TufError> {
        match *self == Self::of(role, version, content) {
            true => Ok(()),
            false => Err(TufError::Damaged(
                role.file_name(version),
                "not the file that was vouched for".to_owned(),
            )),
        }
    }

    /// Which version of a role is current.
    pub(super) fn version(&self, role: Role) -> Option<u64> {
        self.meta.get(&format!("{role}.json")).map(|meta| meta.version)
    }
}

pub(super) fn length(content: &[u8]) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

/// Whole seconds in UTC, as §4.2.2 wants them.
mod rfc3339 {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use sigstead_clock::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&at.to_rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::from_rfc3339(&text).ok_or_else(|| D::Error::custom(format!("{text} is not a time")))
    }
}
