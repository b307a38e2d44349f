//! Records of a v2 log: entry bundles as C2SP tlog-tiles has them, each entry after its length in 16 bits.

use bytes::Bytes;
use sigstead_merkle::{Hash, leaf_hash};
use sigstead_store::{Assigned, Leaf, StoredEntry};

/// Longest body: what 16 bits count.
pub(super) const MAX_BODY: usize = u16::MAX as usize;

/// The leaf of a canonical body; `None` for one that no bundle can hold.
pub(super) fn leaf_of(body: &[u8]) -> Option<Leaf> {
    let length = u16::try_from(body.len()).ok()?.to_be_bytes();
    Some(Leaf { record: Bytes::from([&length, body].concat()), hash: leaf_hash(body) })
}

/// The canonical body in a record.
pub(crate) fn body_of(record: &Bytes) -> Option<Bytes> {
    let (length, body) = record.split_first_chunk::<2>()?;
    (usize::from(u16::from_be_bytes(*length)) == body.len()).then(|| record.slice(2..))
}

/// The leaf hash of a stored record, for audits; `None` if it is not one of this log's.
pub fn hash_record(entry: &StoredEntry, _assigned: Assigned) -> Option<Hash> {
    body_of(&entry.record).map(|body| leaf_hash(&body))
}
