use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{SEGMENT, SearchKey};
use crate::{Database, StoreError, TreeKey, TreeStore as _};

/// Most segments that are read at once, and most buckets of them: a bucket is a few kilobytes.
const MOST_SEGMENTS: u64 = 64;
const MOST_BUCKETS: u64 = 1024;

/// Which entries of a tree: those that have, of each group of keys, at least one.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// Where.
    pub tree: TreeKey,
    /// Groups of keys. Without any group it is every entry, with one that is empty none.
    pub all_of: Vec<Vec<SearchKey>>,
    /// Only entries with these indexes.
    pub range: Range<u64>,
    /// Newest first, or oldest first.
    pub newest_first: bool,
}

impl Database {
    /// The first `limit` entries, in order; the newest ones may not be found for a moment, when there is a replica.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(&self, query: &SearchQuery, limit: usize) -> Result<Vec<u64>, StoreError> {
        // All of it on one of them: what one has packed already, another may not have.
        if let Some(replica) = self.replica()
            && let Some(found) = replica.answer(replica.database().search_here(query, limit).await)
        {
            return Ok(found);
        }
        self.search_here(query, limit).await
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self, query: &SearchQuery) -> Result<u64, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(count) = replica.answer(replica.database().count_here(query).await)
        {
            return Ok(count);
        }
        self.count_here(query).await
    }

    async fn search_here(&self, query: &SearchQuery, limit: usize) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        for window in query.windows(self.searched(query).await?) {
            let mut indexes = self.search_window(query, window).await?;
            if query.newest_first {
                indexes.reverse();
            }
            found.extend(indexes);
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn count_here(&self, query: &SearchQuery) -> Result<u64, StoreError> {
        let mut count = 0;
        for window in query.windows(self.searched(query).await?) {
            count += self.search_window(query, window).await?.len() as u64;
        }
        Ok(count)
    }

    /// As much of the range as there is.
    async fn searched(&self, query: &SearchQuery) -> Result<Range<u64>, StoreError> {
        let end = query.range.end.min(self.head(query.tree).await?.size());
        Ok(query.range.start.min(end)..end)
    }

    async fn search_window(&self, query: &SearchQuery, window: Range<u64>) -> Result<Vec<u64>, StoreError> {
        if query.all_of.is_empty() {
            return Ok(window.collect());
        }
        if query.all_of.iter().any(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let mut postings: BTreeMap<SearchKey, Vec<u64>> = BTreeMap::new();
        for (key, index) in self.postings(query.tree, &query.keys(), &window).await? {
            postings.entry(key).or_default().push(index);
        }
        let mut groups = query.all_of.iter().map(|group| {
            let of_group = group.iter().filter_map(|key| postings.get(key));
            of_group.flatten().copied().collect::<BTreeSet<u64>>()
        });
        let mut found = groups.next().unwrap_or_default();
        groups.for_each(|group| found.retain(|index| group.contains(index)));
        Ok(found.into_iter().collect())
    }
}

impl SearchQuery {
    fn keys(&self) -> BTreeSet<SearchKey> {
        self.all_of.iter().flatten().copied().collect()
    }

    fn windows(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + use<> {
        let buckets: BTreeSet<u8> = self.keys().iter().map(|key| key.bucket()).collect();
        let segments = MOST_BUCKETS / (buckets.len() as u64).max(1);
        windows(range, self.newest_first, segments.min(MOST_SEGMENTS))
    }
}

/// A range in pieces, from the side where the order begins: small ones first, for a page is often full soon.
fn windows(range: Range<u64>, newest_first: bool, most_segments: u64) -> impl Iterator<Item = Range<u64>> {
    let Range { mut start, mut end } = range;
    let mut segments = 1;
    std::iter::from_fn(move || {
        if start >= end {
            return None;
        }
        let window = if newest_first {
            let begin = (end - 1) / SEGMENT * SEGMENT;
            begin.saturating_sub((segments - 1) * SEGMENT).max(start)..end
        } else {
            start..((start / SEGMENT + segments) * SEGMENT).min(end)
        };
        segments = (segments * 4).min(most_segments);
        (start, end) = if newest_first { (start, window.start) } else { (window.end, end) };
        Some(window)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_range_once_in_either_direction() {
        for range in [0..0, 0..1, 5..70_000, 16_383..16_385, 100..3_000_000, 32_768..32_769] {
            for newest_first in [false, true] {
                let mut pieces: Vec<_> = windows(range.clone(), newest_first, 64).collect();
                if newest_first {
                    pieces.reverse();
                }
                let mut next = range.start;
                for piece in pieces {
                    assert_eq!(piece.start, next);
                    assert!(piece.end > piece.start);
                    next = piece.end;
                }
                assert_eq!(next, range.end);
            }
        }
    }
}
