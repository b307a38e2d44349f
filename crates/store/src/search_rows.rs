//! Search rows that both engines read and write with the same SQL.

/// Methods over the pools, for the engine and its driver.
macro_rules! search_rows {
    ($engine:ty, $driver:ty) => {
        use std::collections::{BTreeMap, BTreeSet};
        use std::ops::Range;

        use sqlx::{QueryBuilder, Row as _};

        use crate::codec::{signed, unsigned};
        use crate::search::{
            Packed, Posting, SEGMENT, TermPattern, pack_buckets, pack_shares, share_of, share_packed_with,
        };
        use crate::tree_store::BUNDLE_WIDTH;
        use crate::{SearchKey, SearchTerm, StoreError, TreeKey};

        impl $engine {
            /// The postings of some keys in a window. They move on and are never gone: they are looked for where they come from
            /// before where they go to, so that some may be there twice.
            pub(crate) async fn postings(
                &self,
                tree: TreeKey,
                keys: &BTreeSet<SearchKey>,
                window: &Range<u64>,
            ) -> Result<Vec<Posting>, StoreError> {
                let mut found = Vec::new();
                for (base, bytes) in self.search_batches(tree, window.end).await? {
                    found.extend(Packed { bytes: &bytes, base, bucket: None }.of_keys(keys)?);
                }
                let shares: BTreeSet<u8> = keys.iter().map(|key| share_of(*key)).collect();
                let bundles = window.start / BUNDLE_WIDTH..window.end.div_ceil(BUNDLE_WIDTH);
                for (base, bytes) in self.search_shares(tree, &shares, &bundles).await? {
                    found.extend(Packed { bytes: &bytes, base, bucket: None }.of_keys(keys)?);
                }
                let buckets: BTreeSet<u8> = keys.iter().map(|key| key.bucket()).collect();
                let segments = window.start / SEGMENT..window.end.div_ceil(SEGMENT);
                for (bucket, base, bytes) in self.search_segments(tree, &buckets, &segments).await? {
                    found.extend(Packed { bytes: &bytes, base, bucket: Some(bucket) }.of_keys(keys)?);
                }
                found.retain(|(_, index)| window.contains(index));
                Ok(found)
            }

            /// Batches that begin before `end` and are not all in shares: their first entries, and what is packed.
            async fn search_batches(&self, tree: TreeKey, end: u64) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
                let rows =
                    sqlx::query("SELECT first_index, data FROM search_batches WHERE tree = $1 AND first_index < $2")
                        .bind(tree.0)
                        .bind(signed(end))
                        .fetch_all(self.read_pool())
                        .await?;
                rows.iter().map(|row| Ok((unsigned(row.try_get(0)?)?, row.try_get(1)?))).collect()
            }

            /// Buckets of some segments: which each is, the segment's first entry, and what is packed.
            async fn search_segments(
                &self,
                tree: TreeKey,
                buckets: &BTreeSet<u8>,
                segments: &Range<u64>,
            ) -> Result<Vec<(u8, u64, Vec<u8>)>, StoreError> {
                let mut query =
                    QueryBuilder::<$driver>::new("SELECT bucket, n, data FROM search_segments WHERE tree = ");
                query.push_bind(tree.0).push(" AND n >= ").push_bind(signed(segments.start));
                query.push(" AND n < ").push_bind(signed(segments.end)).push(" AND bucket IN ");
                push_list(&mut query, buckets.iter().map(|bucket| i64::from(*bucket)));
                let rows = query.build().fetch_all(self.read_pool()).await?;
                let bucket = |number: i16| u8::try_from(number).map_err(|_| StoreError::corrupt("a bucket"));
                rows.iter()
                    .map(|row| Ok((bucket(row.try_get(0)?)?, unsigned(row.try_get(1)?)? * SEGMENT, row.try_get(2)?)))
                    .collect()
            }

            /// Shares of some bundles that are not in a segment: the first entries of those, and what is packed.
            async fn search_shares(
                &self,
                tree: TreeKey,
                shares: &BTreeSet<u8>,
                bundles: &Range<u64>,
            ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
                let mut query = QueryBuilder::<$driver>::new("SELECT bundle, data FROM search_shares WHERE tree = ");
                query.push_bind(tree.0).push(" AND bundle >= ").push_bind(signed(bundles.start));
                query.push(" AND bundle < ").push_bind(signed(bundles.end)).push(" AND share IN ");
                push_list(&mut query, shares.iter().map(|share| i64::from(*share)));
                let rows = query.build().fetch_all(self.read_pool()).await?;
                rows.iter()
                    .map(|row| Ok((unsigned(row.try_get(0)?)? * BUNDLE_WIDTH, row.try_get(1)?)))
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

            /// As a bundle is sealed: packs its postings, and some of those of the newest full segment, in one transaction.
            /// So a segment is packed while the next one grows, and appends never wait for all of it.
            pub(crate) async fn seal_search_with(&self, tree: TreeKey, bundle: u64) -> Result<(), StoreError> {
                let (shares, done) = self.pack_batches(tree, (bundle + 1) * BUNDLE_WIDTH).await?;
                let (share, end) = share_packed_with(bundle);
                let (segments, bundles) = self.pack_share(tree, share, end).await?;
                if shares.is_empty() && done.is_none() && segments.is_empty() {
                    return Ok(());
                }
                let mut transaction = self.begin_write().await?;
                for (bundle, shares) in shares {
                    let mut insert = QueryBuilder::<$driver>::new("INSERT INTO search_shares (tree, share, bundle, data) ");
                    insert.push_values(shares, |mut row, (share, data)| {
                        row.push_bind(tree.0).push_bind(i16::from(share)).push_bind(signed(bundle)).push_bind(data);
                    });
                    // What a full bundle has never changes, and is here at once: an earlier batch brought it, or another server.
                    insert.push(" ON CONFLICT DO NOTHING");
                    insert.build().execute(&mut *transaction).await?;
                }
                if let Some(last) = done {
                    sqlx::query("DELETE FROM search_batches WHERE tree = $1 AND first_index <= $2")
                        .bind(tree.0)
                        .bind(signed(last))
                        .execute(&mut *transaction)
                        .await?;
                }
                for (n, buckets) in &segments {
                    let mut insert = QueryBuilder::<$driver>::new("INSERT INTO search_segments (tree, bucket, n, data) ");
                    insert.push_values(buckets, |mut row, (bucket, data)| {
                        row.push_bind(tree.0).push_bind(i16::from(*bucket)).push_bind(signed(*n)).push_bind(data);
                    });
                    insert.push(" ON CONFLICT (tree, bucket, n) DO UPDATE SET data = excluded.data");
                    insert.build().execute(&mut *transaction).await?;
                }
                if !bundles.is_empty() {
                    let mut delete = QueryBuilder::<$driver>::new("DELETE FROM search_shares WHERE tree = ");
                    delete.push_bind(tree.0).push(" AND share = ").push_bind(i16::from(share)).push(" AND bundle IN ");
                    push_list(&mut delete, bundles.into_iter().map(signed));
                    delete.build().execute(&mut *transaction).await?;
                }
                Ok(transaction.commit().await?)
            }

            /// The postings before `end`, where a bundle ends, that are in batches: packed, by bundle and share. And the last
            /// of the batches that hold no others: only the one after it can reach across `end`, and an earlier one cannot come
            /// any more, for batches are committed in their order.
            async fn pack_batches(&self, tree: TreeKey, end: u64) -> Result<(Packs, Option<u64>), StoreError> {
                let (mut by_bundle, mut done): (BTreeMap<u64, Vec<Posting>>, _) = (BTreeMap::new(), None);
                for (base, bytes) in self.search_batches(tree, end).await? {
                    let mut postings = Packed { bytes: &bytes, base, bucket: None }.all()?;
                    let all = postings.len();
                    postings.retain(|(_, index)| *index < end);
                    if postings.len() == all {
                        done = done.max(Some(base));
                    }
                    for (key, index) in postings {
                        by_bundle.entry(index / BUNDLE_WIDTH).or_default().push((key, index));
                    }
                }
                let shares = |(n, postings)| (n, pack_shares(postings, n * BUNDLE_WIDTH));
                Ok((by_bundle.into_iter().map(shares).collect(), done))
            }

            /// A share of the bundles before `end`, where a segment ends: packed, by segment and bucket, with what those have
            /// already; and the bundles of which it is. That is one segment, and what an older version has left.
            async fn pack_share(&self, tree: TreeKey, share: u8, end: u64) -> Result<(Packs, Vec<u64>), StoreError> {
                let (mut by_segment, mut bundles): (BTreeMap<u64, Vec<Posting>>, _) = (BTreeMap::new(), Vec::new());
                // Before the segments, to which they move.
                for (base, bytes) in self.search_shares(tree, &BTreeSet::from([share]), &(0..end)).await? {
                    let postings = Packed { bytes: &bytes, base, bucket: None }.all()?;
                    by_segment.entry(base / SEGMENT).or_default().extend(postings);
                    bundles.push(base / BUNDLE_WIDTH);
                }
                let mut packs = Packs::new();
                for (n, mut postings) in by_segment {
                    let buckets: BTreeSet<u8> = postings.iter().map(|(key, _)| key.bucket()).collect();
                    for (bucket, base, bytes) in self.search_segments(tree, &buckets, &(n..n + 1)).await? {
                        postings.extend(Packed { bytes: &bytes, base, bucket: Some(bucket) }.all()?);
                    }
                    packs.insert(n, pack_buckets(postings, n * SEGMENT));
                }
                Ok((packs, bundles))
            }
        }

        /// By bundle or segment: shares or buckets, packed.
        type Packs = BTreeMap<u64, Vec<(u8, Vec<u8>)>>;

        fn push_list(query: &mut QueryBuilder<$driver>, numbers: impl Iterator<Item = i64>) {
            query.push("(");
            let mut list = query.separated(", ");
            for number in numbers {
                list.push_bind(number);
            }
            query.push(")");
        }
    };
}
pub(crate) use search_rows;
