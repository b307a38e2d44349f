//! Postings of 16,384 entries, packed: for each key the rest of its bytes, how many entries, and the distances
//! between them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::SearchKey;
use crate::StoreError;
use crate::codec::{push_varint, take_varint};
use crate::tree_store::BUNDLE_WIDTH;

/// Entries in a segment.
pub(crate) const SEGMENT: u64 = 16_384;

/// Buckets of a full segment that are packed as a bundle is sealed: all of them within half of the next segment.
pub(crate) const BUCKETS_WITH_A_BUNDLE: u8 = 8;

/// The segment and the buckets in it that are packed as this bundle is sealed.
pub(crate) fn share_of_bundle(bundle: u64) -> Option<(u64, RangeInclusive<u8>)> {
    const BUNDLES: u64 = SEGMENT / BUNDLE_WIDTH;
    let segment = (bundle / BUNDLES).checked_sub(1)?;
    let first = u8::try_from(bundle % BUNDLES).ok()?.checked_mul(BUCKETS_WITH_A_BUNDLE)?;
    Some((segment, first..=first.checked_add(BUCKETS_WITH_A_BUNDLE - 1)?))
}

/// Packs the postings of some buckets, each bucket by itself.
pub(crate) fn pack_buckets(
    postings: Vec<(SearchKey, u64)>,
    buckets: RangeInclusive<u8>,
    base: u64,
) -> Vec<(u8, Vec<u8>)> {
    let mut by_bucket: BTreeMap<u8, Vec<_>> = buckets.map(|bucket| (bucket, Vec::new())).collect();
    for posting in postings {
        by_bucket.entry(posting.0.bucket()).or_default().push(posting);
    }
    by_bucket.into_iter().map(|(bucket, postings)| (bucket, pack_postings(postings, base))).collect()
}

/// Packs the postings of one bucket; `base` is the index of the segment's first entry.
fn pack_postings(mut postings: Vec<(SearchKey, u64)>, base: u64) -> Vec<u8> {
    postings.sort_unstable();
    postings.dedup();
    let mut packed = Vec::new();
    for run in postings.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((key, _)) = run.first() else { continue };
        let [_, rest @ ..] = key.0.to_be_bytes();
        packed.extend(rest);
        push_varint(&mut packed, run.len() as u64);
        let mut previous = base;
        for (_, index) in run {
            push_varint(&mut packed, index.saturating_sub(previous));
            previous = *index;
        }
    }
    packed
}

/// The postings of some keys in a packed bucket, in the order of keys, then of entries.
pub(crate) fn postings_in(
    packed: &[u8],
    bucket: u8,
    keys: &BTreeSet<SearchKey>,
    base: u64,
) -> Result<Vec<(SearchKey, u64)>, StoreError> {
    let corrupt = || StoreError::corrupt("a search segment");
    let Some(last) = keys.range(..=SearchKey::last_in(bucket)).next_back() else { return Ok(Vec::new()) };
    let mut postings = Vec::new();
    let mut rest = packed;
    while let Some(([a, b, c, d, e, f, g], after)) = rest.split_first_chunk::<7>() {
        let key = SearchKey(u64::from_be_bytes([bucket, *a, *b, *c, *d, *e, *f, *g]));
        if key > *last {
            return Ok(postings);
        }
        let (count, mut after) = take_varint(after).ok_or_else(corrupt)?;
        let is_wanted = keys.contains(&key);
        let mut index = base;
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
    if rest.is_empty() { Ok(postings) } else { Err(corrupt()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_found(postings in prop::collection::vec((0u64..40, 0u64..SEGMENT), 0..300), wanted in prop::collection::vec(0u64..50, 0..9)) {
            // All in one bucket.
            let spread = |key: u64| SearchKey(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8 | 0x37 << 56);
            let base = 7 * SEGMENT;
            let all: Vec<_> = postings.iter().map(|(key, index)| (spread(*key), base + index)).collect();
            let packed = pack_postings(all.clone(), base);
            // Keys of other buckets beside those that are asked for here.
            let keys: BTreeSet<SearchKey> =
                wanted.into_iter().map(spread).chain([SearchKey(0), SearchKey(u64::MAX)]).collect();
            let expected: BTreeSet<_> = all.into_iter().filter(|(key, _)| keys.contains(key)).collect();
            let found = postings_in(&packed, 0x37, &keys, base).unwrap();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn every_bucket_of_a_segment_is_packed_once_while_the_next_one_grows(segment in 0u64..1 << 40) {
            let bundles = SEGMENT / BUNDLE_WIDTH;
            let shares = ((segment + 1) * bundles..(segment + 2) * bundles).filter_map(share_of_bundle);
            let packed: Vec<(u64, u8)> = shares.flat_map(|(n, buckets)| buckets.map(move |bucket| (n, bucket))).collect();
            let expected: Vec<(u64, u8)> = (0..=u8::MAX).map(|bucket| (segment, bucket)).collect();
            assert_eq!(packed, expected);
        }

        #[test]
        fn damage_is_an_error_and_no_panic(packed in prop::collection::vec(any::<u8>(), 0..200), key in any::<u64>()) {
            let _ = postings_in(&packed, SearchKey(key).bucket(), &BTreeSet::from([SearchKey(key)]), 0);
        }
    }
}
