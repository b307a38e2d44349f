//! Search rows that both engines read and write with the same SQL.

/// Methods over the pools, for the engine and its driver. `$of_segment` is true for rows of the segment that
/// begins with entry `$4`.
macro_rules! search_rows {
    ($engine:ty, $driver:ty, $of_segment:literal) => {
        use std::ops::RangeInclusive;

        use crate::SearchTerm;
        use crate::tree_store::BUNDLE_WIDTH;
        use crate::search::{BUCKETS_WITH_A_BUNDLE, SEGMENT, TermPattern, pack_buckets, share_of_bundle};

        impl $engine {
            /// The packed postings of some buckets in the segments `[from, to)`, as far as they are packed, and
            /// of which segment each is.
            pub(crate) async fn search_segments(
                &self,
                tree: TreeKey,
                buckets: &BTreeSet<u8>,
                segments: &Range<u64>,
            ) -> Result<Vec<(u8, u64, Vec<u8>)>, StoreError> {
                let mut query =
                    QueryBuilder::<$driver>::new("SELECT bucket, n, data FROM search_segments WHERE tree = ");
                query.push_bind(tree.0).push(" AND n >= ").push_bind(signed(segments.start));
                query.push(" AND n < ").push_bind(signed(segments.end)).push(" AND bucket IN (");
                let mut list = query.separated(", ");
                for bucket in buckets {
                    list.push_bind(i16::from(*bucket));
                }
                query.push(")");
                let rows = query.build().fetch_all(self.read_pool()).await?;
                let bucket = |number: i16| u8::try_from(number).map_err(|_| StoreError::corrupt("a bucket"));
                rows.iter()
                    .map(|row| Ok((bucket(row.try_get(0)?)?, unsigned(row.try_get(1)?)?, row.try_get(2)?)))
                    .collect()
            }

            /// Stored texts of a field, in their order, at most `limit`.
            pub(crate) async fn search_terms(
                &self,
                field: i16,
                pattern: TermPattern<'_>,
                limit: u32,
            ) -> Result<Vec<SearchTerm>, StoreError> {
                let (lower, upper, part) = match pattern {
                    TermPattern::Prefix(prefix) => (prefix, format!("{prefix}\u{10ffff}"), ""),
                    TermPattern::Part(part) => ("", "\u{10ffff}".to_owned(), part),
                };
                let rows = sqlx::query(
                    "SELECT term FROM search_terms WHERE field = $1 AND term >= $2 AND term <= $3 \
                     AND length(replace(term, $4, '')) <= length(term) - length($4) ORDER BY term LIMIT $5",
                )
                .bind(field)
                .bind(lower)
                .bind(upper)
                .bind(part)
                .bind(i64::from(limit))
                .fetch_all(self.read_pool())
                .await?;
                rows.iter().map(|row| Ok(SearchTerm { field, text: row.try_get(0)? })).collect()
            }

            /// Packs some of the newest full segment, as a bundle is sealed: a segment is packed while the next one
            /// grows, and appends never wait for all of it.
            pub(crate) async fn seal_search_with(&self, tree: TreeKey, bundle: u64) -> Result<(), StoreError> {
                match share_of_bundle(bundle) {
                    Some((n, buckets)) => self.seal_buckets(tree, n, buckets).await,
                    None => Ok(()),
                }
            }

            /// Packs the segments before the newest full one that an older version has left in rows.
            pub(crate) async fn seal_search_behind(&self, tree: TreeKey, bundles: u64) -> Result<(), StoreError> {
                // Buckets are packed in order: where the last one is, all are.
                let row = sqlx::query("SELECT COALESCE(MAX(n) + 1, 0) FROM search_segments WHERE tree = $1 AND bucket = 255")
                    .bind(tree.0)
                    .fetch_one(self.read_pool())
                    .await?;
                for n in unsigned(row.try_get(0)?)?..(bundles * BUNDLE_WIDTH / SEGMENT).saturating_sub(1) {
                    for first in (0..=u8::MAX).step_by(BUCKETS_WITH_A_BUNDLE.into()) {
                        self.seal_buckets(tree, n, first..=first + (BUCKETS_WITH_A_BUNDLE - 1)).await?;
                    }
                }
                Ok(())
            }

            /// In one transaction. What another server packed meanwhile stays: the rows are gone, and the buckets are
            /// there. One without postings is stored too, so that nobody looks for them again.
            async fn seal_buckets(
                &self,
                tree: TreeKey,
                n: u64,
                buckets: RangeInclusive<u8>,
            ) -> Result<(), StoreError> {
                let first = u64::from(*buckets.start()) << 56;
                let last = SearchKey::last_in(*buckets.end()).0;
                let rows = sqlx::query(
                    concat!("SELECT key, idx FROM search_recent WHERE key >= $1 AND key <= $2 AND tree = $3 AND ", $of_segment),
                )
                .bind(first.cast_signed())
                .bind(last.cast_signed())
                .bind(tree.0)
                .bind(signed(n * SEGMENT))
                .fetch_all(self.read_pool())
                .await?;
                let mut postings = Vec::with_capacity(rows.len());
                for row in rows {
                    postings.push((SearchKey(row.try_get::<i64, _>(0)?.cast_unsigned()), unsigned(row.try_get(1)?)?));
                }
                let packed = pack_buckets(postings, buckets, n * SEGMENT);
                let mut insert = QueryBuilder::<$driver>::new("INSERT INTO search_segments (tree, bucket, n, data) ");
                insert.push_values(packed, |mut row, (bucket, data)| {
                    row.push_bind(tree.0).push_bind(i16::from(bucket)).push_bind(signed(n)).push_bind(data);
                });
                insert.push(" ON CONFLICT DO NOTHING");
                let mut transaction = self.begin_write().await?;
                insert.build().execute(&mut *transaction).await?;
                sqlx::query(
                    concat!("DELETE FROM search_recent WHERE key >= $1 AND key <= $2 AND tree = $3 AND ", $of_segment),
                )
                .bind(first.cast_signed())
                .bind(last.cast_signed())
                .bind(tree.0)
                .bind(signed(n * SEGMENT))
                .execute(&mut *transaction)
                .await?;
                Ok(transaction.commit().await?)
            }
        }
    };
}
pub(crate) use search_rows;
