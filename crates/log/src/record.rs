use bytes::Bytes;
use sigstead_merkle::{Hash, leaf_hash};
use sigstead_store::{Assigned, Leaf, StoredEntry};

/// Bytes before each body in its bundle: its length, big-endian. Some kinds exceed what 16 bits hold.
const LENGTH: usize = 4;
/// Bytes of the time behind an imported body: Unix seconds, big-endian.
const TIME: usize = 8;

/// What another log said of an entry, which only its key could say again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// When it took the entry, in Unix seconds.
    pub(crate) integrated_time: u64,
    /// The signed entry timestamp.
    pub(crate) set: Bytes,
}

/// The leaf of a canonical body: the record is framed, the hash is over the body alone.
pub(crate) fn leaf_of(body: &[u8]) -> Leaf {
    Leaf { record: Bytes::from([&length(body), body].concat()), hash: leaf_hash(body) }
}

/// The leaf of an entry that another log took: its promise stands behind the body.
pub(crate) fn imported_leaf(body: &[u8], promise: &Promise) -> Leaf {
    let time = promise.integrated_time.to_be_bytes();
    let record = [&length(body), body, &time, &promise.set].concat();
    Leaf { record: Bytes::from(record), hash: leaf_hash(body) }
}

fn length(body: &[u8]) -> [u8; LENGTH] {
    u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The canonical body in a record.
pub(crate) fn body_of(record: &Bytes) -> Option<Bytes> {
    Some(parts(record)?.0)
}

/// The promise of the log that took the entry; `None` if that is this one.
pub(crate) fn promise_of(record: &Bytes) -> Option<Promise> {
    let (_, rest) = parts(record)?;
    let (time, _) = rest.split_first_chunk::<TIME>()?;
    Some(Promise { integrated_time: u64::from_be_bytes(*time), set: rest.slice(TIME..) })
}

/// When an entry was taken, by whichever log did, in milliseconds since the Unix epoch.
pub(crate) fn time_of(entry: &StoredEntry) -> u64 {
    promise_of(&entry.record)
        .map_or(entry.timestamp_ms, |promise| promise.integrated_time.saturating_mul(1000))
}

fn parts(record: &Bytes) -> Option<(Bytes, Bytes)> {
    let (length, rest) = record.split_first_chunk::<LENGTH>()?;
    let end = LENGTH + usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let is_whole = rest.len() == end - LENGTH || rest.len() > end - LENGTH + TIME;
    is_whole.then(|| (record.slice(LENGTH..end), record.slice(end..)))
}

/// The leaf hash of a stored record, for audits; `None` if it is not one of this log's.
pub fn hash_record(entry: &StoredEntry, _assigned: Assigned) -> Option<Hash> {
    body_of(&entry.record).map(|body| leaf_hash(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_stands_behind_the_body() {
        let own = leaf_of(b"body").record;
        assert_eq!((body_of(&own).unwrap().as_ref(), promise_of(&own)), (&b"body"[..], None));
        let promise = Promise { integrated_time: 1_800_000_000, set: Bytes::from_static(b"signed") };
        let leaf = imported_leaf(b"body", &promise);
        assert_eq!(leaf.hash, leaf_of(b"body").hash);
        assert_eq!(body_of(&leaf.record).unwrap().as_ref(), b"body");
        assert_eq!(promise_of(&leaf.record), Some(promise));
        for length in [0, 3, 6, 9, 16] {
            assert_eq!(body_of(&leaf.record.slice(..length)), None, "{length}");
        }
    }
}
