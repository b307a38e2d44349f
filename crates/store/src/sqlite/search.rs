//! What searches read, and how postings are packed.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlx::{QueryBuilder, Row as _};

use super::Sqlite;
use crate::codec::{signed, unsigned};
use crate::{SearchKey, StoreError, TreeKey};

crate::search_rows::search_rows!(Sqlite, sqlx::Sqlite);

/// Keys in one statement; SQLite takes at most 32,766 parameters.
const KEYS: usize = 10_000;

impl Sqlite {
    pub(crate) async fn recent_postings(
        &self,
        tree: TreeKey,
        keys: &BTreeSet<SearchKey>,
        window: &Range<u64>,
    ) -> Result<Vec<(SearchKey, u64)>, StoreError> {
        let keys: Vec<SearchKey> = keys.iter().copied().collect();
        let mut found = Vec::new();
        for chunk in keys.chunks(KEYS) {
            let mut query = QueryBuilder::new("SELECT key, idx FROM search_recent WHERE tree = ");
            query.push_bind(tree.0).push(" AND idx >= ").push_bind(signed(window.start));
            query.push(" AND idx < ").push_bind(signed(window.end)).push(" AND key IN (");
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
