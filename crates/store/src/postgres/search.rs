//! What searches read, and how postings are packed.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::Postgres;
use crate::codec::{signed, unsigned};
use crate::{SearchKey, StoreError, TreeKey};

crate::search_rows::search_rows!(Postgres);

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

async fn insert_segment(
    connection: &mut PgConnection,
    tree: TreeKey,
    n: u64,
    buckets: Vec<Vec<u8>>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO search_segments (tree, bucket, n, data) \
         SELECT $1, b, $2, d FROM UNNEST($3::int2[], $4::bytea[]) AS t(b, d) ON CONFLICT DO NOTHING",
    )
    .bind(tree.0)
    .bind(signed(n))
    .bind((0..256).collect::<Vec<i16>>())
    .bind(buckets)
    .execute(connection)
    .await?;
    Ok(())
}
