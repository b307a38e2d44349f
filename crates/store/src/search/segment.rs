//! Postings, packed: sorted, for each key its bytes, how many entries, and the distances between them.
//!
//! They are packed three times, so that no append and no search touches many rows: those of a batch into one, those of a
//! bundle into shares by the key, those of 16,384 entries into a row for each first byte of a key.

use std::collections::{BTreeMap, BTreeSet};

use super::SearchKey;
use crate::StoreError;
use crate::codec::{push_varint, take_varint};
use crate::tree_store::BUNDLE_WIDTH;

/// Entries in a segment.
pub(crate) const SEGMENT: u64 = 16_384;

/// Bundles in a segment.
pub(crate) const SEGMENT_BUNDLES: u64 = SEGMENT / BUNDLE_WIDTH;

/// Shares of a bundle, each of as many buckets. A bucket is a first byte of keys.
pub(crate) const SHARES: u8 = 32;

/// A posting: the key and the entry.
pub(crate) type Posting = (SearchKey, u64);

/// The share that is packed into segments as this bundle is sealed, and the bundle before which that is done: a full segment,
/// while the next one grows.
pub(crate) fn share_packed_with(bundle: u64) -> (u8, u64) {
    let begin = bundle / SEGMENT_BUNDLES * SEGMENT_BUNDLES;
    let [share, ..] = (bundle - begin).to_le_bytes();
    (share % SHARES, begin)
}

/// The share that a key is in.
pub(crate) const fn share_of(key: SearchKey) -> u8 {
    key.bucket() / (u8::MAX / SHARES + 1)
}

/// Packs the postings of a batch, of which `base` is the first entry.
pub(crate) fn pack_batch(postings: Vec<Posting>, base: u64) -> Vec<u8> {
    pack(postings, 0, base)
}

/// Packs the postings of a bundle, of which `base` is the first entry, by shares; those that have none are left out.
pub(crate) fn pack_shares(postings: Vec<Posting>, base: u64) -> Vec<(u8, Vec<u8>)> {
    let mut by_share: BTreeMap<u8, Vec<_>> = BTreeMap::new();
    for posting in postings {
        by_share.entry(share_of(posting.0)).or_default().push(posting);
    }
    by_share.into_iter().map(|(share, postings)| (share, pack(postings, 0, base))).collect()
}

/// Packs postings of a segment, of which `base` is the first entry, by buckets; those that have none are left out.
pub(crate) fn pack_buckets(postings: Vec<Posting>, base: u64) -> Vec<(u8, Vec<u8>)> {
    let mut by_bucket: BTreeMap<u8, Vec<_>> = BTreeMap::new();
    for posting in postings {
        by_bucket.entry(posting.0.bucket()).or_default().push(posting);
    }
    by_bucket.into_iter().map(|(bucket, postings)| (bucket, pack(postings, 1, base))).collect()
}

/// Packs postings of keys whose first `known` bytes need not be written.
fn pack(mut postings: Vec<Posting>, known: usize, base: u64) -> Vec<u8> {
    postings.sort_unstable();
    postings.dedup();
    let mut packed = Vec::new();
    for run in postings.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((key, _)) = run.first() else { continue };
        packed.extend(key.0.to_be_bytes().iter().skip(known));
        push_varint(&mut packed, run.len() as u64);
        let mut previous = base;
        for (_, index) in run {
            push_varint(&mut packed, index.saturating_sub(previous));
            previous = *index;
        }
    }
    packed
}

/// Packed postings, as they are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub(crate) bytes: &'a [u8],
    /// The entry that distances are counted from.
    pub(crate) base: u64,
    /// The first byte of every key, where it is not written.
    pub(crate) bucket: Option<u8>,
}

impl Packed<'_> {
    /// All of them, in the order of keys, then of entries.
    pub(crate) fn all(&self) -> Result<Vec<Posting>, StoreError> {
        self.read(|_| true, SearchKey(u64::MAX))
    }

    /// Those of some keys, in the same order.
    pub(crate) fn of_keys(&self, keys: &BTreeSet<SearchKey>) -> Result<Vec<Posting>, StoreError> {
        let last = match self.bucket {
            Some(bucket) => keys.range(..=SearchKey::last_in(bucket)).next_back(),
            None => keys.last(),
        };
        last.map_or(Ok(Vec::new()), |last| self.read(|key| keys.contains(&key), *last))
    }

    fn read(
        &self,
        is_wanted: impl Fn(SearchKey) -> bool,
        last: SearchKey,
    ) -> Result<Vec<Posting>, StoreError> {
        let corrupt = || StoreError::corrupt("packed postings");
        let mut postings = Vec::new();
        let mut rest = self.bytes;
        while !rest.is_empty() {
            let (key, after) = self.key(rest).ok_or_else(corrupt)?;
            if key > last {
                break;
            }
            let (count, mut after) = take_varint(after).ok_or_else(corrupt)?;
            let is_wanted = is_wanted(key);
            let mut index = self.base;
            for _ in 0..count {
                let distance;
                (distance, after) = take_varint(after).ok_or_else(corrupt)?;
                index = index.checked_add(distance).ok_or_else(corrupt)?;
                if is_wanted {
                    postings.push((key, index));
                }
            }
            rest = after;
        }
        Ok(postings)
    }

    fn key<'b>(&self, bytes: &'b [u8]) -> Option<(SearchKey, &'b [u8])> {
        match self.bucket {
            None => bytes
                .split_first_chunk::<8>()
                .map(|(key, after)| (SearchKey(u64::from_be_bytes(*key)), after)),
            Some(first) => {
                let ([a, b, c, d, e, f, g], after) = bytes.split_first_chunk::<7>()?;
                Some((SearchKey(u64::from_be_bytes([first, *a, *b, *c, *d, *e, *f, *g])), after))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_found(postings in prop::collection::vec((0u64..40, 0u64..SEGMENT), 0..300), wanted in prop::collection::vec(0u64..50, 0..9)) {
            let spread = |key: u64| SearchKey(key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let base = 7 * SEGMENT;
            let all: BTreeSet<_> = postings.iter().map(|(key, index)| (spread(*key), base + index)).collect();
            // The first and the last key that there can be are not among them.
            let keys: BTreeSet<SearchKey> =
                wanted.into_iter().map(spread).chain([SearchKey(1), SearchKey(u64::MAX)]).collect();
            let wanted: Vec<_> = all.iter().filter(|(key, _)| keys.contains(key)).copied().collect();
            let all: Vec<_> = all.into_iter().collect();
            let bytes = pack_batch(postings.iter().map(|(key, index)| (spread(*key), base + index)).collect(), base);
            let batch = Packed { bytes: &bytes, base, bucket: None };
            assert_eq!(batch.all().unwrap(), all);
            assert_eq!(batch.of_keys(&keys).unwrap(), wanted);
            let (mut in_shares, mut in_buckets) = (Vec::new(), Vec::new());
            for (share, bytes) in pack_shares(all.clone(), base) {
                let packed = Packed { bytes: &bytes, base, bucket: None };
                in_shares.extend(packed.of_keys(&keys).unwrap());
                for (bucket, bytes) in pack_buckets(packed.all().unwrap(), base) {
                    assert_eq!(share_of(SearchKey(u64::from(bucket) << 56)), share);
                    in_buckets.extend(Packed { bytes: &bytes, base, bucket: Some(bucket) }.of_keys(&keys).unwrap());
                }
            }
            assert_eq!(in_shares, wanted);
            assert_eq!(in_buckets, wanted);
        }

        #[test]
        fn every_share_of_a_segment_is_packed_while_the_next_one_grows(segment in 0u64..1 << 40) {
            let next = (segment + 1) * SEGMENT_BUNDLES;
            let packed: BTreeSet<(u8, u64)> = (next..next + SEGMENT_BUNDLES).map(share_packed_with).collect();
            assert_eq!(packed, (0..SHARES).map(|share| (share, next)).collect());
        }

        #[test]
        fn damage_is_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), bucket in any::<Option<u8>>(), key in any::<u64>()) {
            let packed = Packed { bytes: &bytes, base: 0, bucket };
            let _ = packed.all();
            let _ = packed.of_keys(&BTreeSet::from([SearchKey(key)]));
        }
    }
}
