//! What searches read, and how postings are packed.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::json;
use sqlx::{QueryBuilder, Row as _};

use super::Sqlite;
use crate::codec::{signed, unsigned};
use crate::{SearchKey, StoreError, TreeKey};

crate::search_rows::search_rows!(
    Sqlite,
    sqlx::Sqlite,
    "run IN ($4 >> 11, ($4 >> 11) + 1, ($4 >> 11) + 2, ($4 >> 11) + 3, \
             ($4 >> 11) + 4, ($4 >> 11) + 5, ($4 >> 11) + 6, ($4 >> 11) + 7)"
);

/// Keys in one statement; SQLite takes at most 32,766 parameters.
const KEYS: usize = 10_000;

/// Entries whose postings, while they are rows, lie together: `run` is their index without its last eleven bits.
const RUN: u64 = 1 << 11;

impl Sqlite {
    /// The runs of a window that have postings in rows.
    async fn recent_runs(&self, tree: TreeKey, window: &Range<u64>) -> Result<Range<i64>, StoreError> {
        let row = sqlx::query("SELECT MIN(run) FROM search_recent WHERE tree = $1")
            .bind(tree.0)
            .fetch_one(self.read_pool())
            .await?;
        let end = signed(window.end.div_ceil(RUN));
        let first: Option<i64> = row.try_get(0)?;
        Ok(first.map_or(end, |first| first.max(signed(window.start / RUN)))..end)
    }

    pub(crate) async fn recent_postings(
        &self,
        tree: TreeKey,
        keys: &BTreeSet<SearchKey>,
        window: &Range<u64>,
    ) -> Result<Vec<(SearchKey, u64)>, StoreError> {
        let runs: Vec<i64> = self.recent_runs(tree, window).await?.collect();
        let keys: Vec<SearchKey> = keys.iter().copied().collect();
        let mut found = Vec::new();
        for chunk in keys.chunks(KEYS) {
            let mut query = QueryBuilder::new("SELECT key, idx FROM search_recent WHERE tree = ");
            query.push_bind(tree.0).push(" AND idx >= ").push_bind(signed(window.start));
            query.push(" AND idx < ").push_bind(signed(window.end));
            query.push(" AND run IN (SELECT value FROM json_each(").push_bind(json!(runs).to_string());
            query.push(")) AND key IN (");
            let mut list = query.separated(", ");
            chunk.iter().for_each(|key| {
                list.push_bind(key.0.cast_signed());
            });
            query.push(")");
            for row in query.build().fetch_all(self.read_pool()).await? {
                let key = SearchKey(row.try_get::<i64, _>(0)?.cast_unsigned());
                found.push((key, unsigned(row.try_get(1)?)?));
            }
        }
        Ok(found)
    }
}
