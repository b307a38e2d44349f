use bytes::Bytes;
use sigstead_merkle::{Hash, leaf_hash};
use sigstead_store::{Assigned, Leaf, StoredEntry};

/// Bytes before each body in its bundle: its length, big-endian. Some kinds exceed what 16 bits hold.
const LENGTH: usize = 4;

/// The leaf of a canonical body: the record is framed, the hash is over the body alone.
pub(crate) fn leaf_of(body: &[u8]) -> Leaf {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    Leaf { record: Bytes::from([&length, body].concat()), hash: leaf_hash(body) }
}

/// The canonical body in a record.
pub(crate) fn body_of(record: &Bytes) -> Option<Bytes> {
    let (length, body) = record.split_first_chunk::<LENGTH>()?;
    (u32::from_be_bytes(*length) as usize == body.len()).then(|| record.slice(LENGTH..))
}

/// The leaf hash of a stored record, for audits; `None` if it is not one of this log's.
pub fn hash_record(entry: &StoredEntry, _assigned: Assigned) -> Option<Hash> {
    body_of(&entry.record).map(|body| leaf_hash(&body))
}
