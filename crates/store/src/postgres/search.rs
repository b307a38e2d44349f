//! What searches read, and how postings are packed.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlx::{QueryBuilder, Row as _};

use super::Postgres;
use crate::codec::{signed, unsigned};
use crate::{SearchKey, StoreError, TreeKey};

crate::search_rows::search_rows!(Postgres, sqlx::Postgres, "idx >= $4 AND idx < $4 + 16384");

impl Postgres {
    pub(crate) async fn recent_postings(
        &self,
        tree: TreeKey,
        keys: &BTreeSet<SearchKey>,
        window: &Range<u64>,
    ) -> Result<Vec<(SearchKey, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT key, idx FROM search_recent WHERE key = ANY($1) AND tree = $2 AND idx >= $3 AND idx < $4",
        )
        .bind(keys.iter().map(|key| key.0.cast_signed()).collect::<Vec<_>>())
        .bind(tree.0)
        .bind(signed(window.start))
        .bind(signed(window.end))
        .fetch_all(self.read_pool())
        .await?;
        rows.iter()
            .map(|row| Ok((SearchKey(row.try_get::<i64, _>(0)?.cast_unsigned()), unsigned(row.try_get(1)?)?)))
            .collect()
    }
}
