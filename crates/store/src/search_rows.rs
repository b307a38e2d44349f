//! Search rows that both engines read and write with the same SQL.

/// Methods over the pools.
macro_rules! search_rows {
    ($engine:ty) => {
        use crate::SearchTerm;
        use crate::search::{SEGMENT, TermPattern, pack_postings};

        impl $engine {
            /// The packed postings of a bucket in the segments `[from, to)`, as far as they are packed.
            pub(crate) async fn search_segments(
                &self,
                tree: TreeKey,
                bucket: u8,
                segments: &Range<u64>,
            ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
                let rows = sqlx::query(
                    "SELECT n, data FROM search_segments WHERE tree = $1 AND bucket = $2 AND n >= $3 AND n < $4 ORDER BY n",
                )
                .bind(tree.0)
                .bind(i16::from(bucket))
                .bind(signed(segments.start))
                .bind(signed(segments.end))
                .fetch_all(self.read_pool())
                .await?;
                rows.iter().map(|row| Ok((unsigned(row.try_get(0)?)?, row.try_get(1)?))).collect()
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

            /// Packs every full run of entries whose postings are rows yet, each bucket in a transaction of its
            /// own: appends wait for none of them for long.
            pub(crate) async fn seal_search(&self, tree: TreeKey) -> Result<(), StoreError> {
                let full = self.head(tree).await?.size() / SEGMENT;
                // Buckets are packed in order: where the last one is, all are.
                let row = sqlx::query("SELECT COALESCE(MAX(n) + 1, 0) FROM search_segments WHERE tree = $1 AND bucket = 255")
                    .bind(tree.0)
                    .fetch_one(self.read_pool())
                    .await?;
                for n in unsigned(row.try_get(0)?)?..full {
                    for bucket in 0..=u8::MAX {
                        self.seal_bucket(tree, n, bucket).await?;
                    }
                }
                Ok(())
            }

            /// What another server packed meanwhile stays: the rows are gone, and the bucket is there. One
            /// without postings is stored too, so that nobody looks for them again.
            async fn seal_bucket(&self, tree: TreeKey, n: u64, bucket: u8) -> Result<(), StoreError> {
                let (begin, end) = (n * SEGMENT, (n + 1) * SEGMENT);
                let first_key = u64::from(bucket) << 56;
                let mut transaction = self.begin_write().await?;
                let rows = sqlx::query(
                    "DELETE FROM search_recent WHERE key >= $1 AND key <= $2 AND tree = $3 AND idx >= $4 AND idx < $5 \
                     RETURNING key, idx",
                )
                .bind(first_key.cast_signed())
                .bind((first_key | (u64::MAX >> 8)).cast_signed())
                .bind(tree.0)
                .bind(signed(begin))
                .bind(signed(end))
                .fetch_all(&mut *transaction)
                .await?;
                let mut postings = Vec::with_capacity(rows.len());
                for row in rows {
                    postings.push((SearchKey(row.try_get::<i64, _>(0)?.cast_unsigned()), unsigned(row.try_get(1)?)?));
                }
                sqlx::query(
                    "INSERT INTO search_segments (tree, bucket, n, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                )
                .bind(tree.0)
                .bind(i16::from(bucket))
                .bind(signed(n))
                .bind(pack_postings(postings, begin))
                .execute(&mut *transaction)
                .await?;
                Ok(transaction.commit().await?)
            }
        }
    };
}
pub(crate) use search_rows;
