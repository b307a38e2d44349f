use std::ops::Range;

use sigstead_clock::Timestamp;
use sigstead_store::{StoredEntry, TreeStore};
use sigstead_tlog::{AppendError, Log};

/// The entries of a tree with times from `after` to `before`, both included. A tree's times never go back, so
/// the ends are found by halving.
pub(super) async fn range<S: TreeStore>(
    log: &Log<S>,
    size: u64,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    time_of: fn(&StoredEntry) -> u64,
) -> Result<Range<u64>, AppendError> {
    let start = match after {
        Some(after) => first_from(log, size, after.millis(), time_of).await?,
        None => 0,
    };
    let end = match before {
        // Both are whole seconds to whoever asks; an entry of that second counts.
        Some(before) => {
            first_from(log, size, before.seconds().saturating_add(1).saturating_mul(1000), time_of).await?
        }
        None => size,
    };
    Ok(start..end.max(start))
}

/// The first of `size` entries that is not before that time; `size` if all are.
async fn first_from<S: TreeStore>(
    log: &Log<S>,
    size: u64,
    from_ms: u64,
    time_of: fn(&StoredEntry) -> u64,
) -> Result<u64, AppendError> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before = log.entry(middle, size).await?.is_some_and(|entry| time_of(&entry) < from_ms);
        if is_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
