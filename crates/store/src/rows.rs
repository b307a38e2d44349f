//! Plain rows that both engines read and write with the same SQL.

/// Bundles that are sealed before the space of what they replace is reclaimed.
pub(crate) const RECLAIM_EVERY: u64 = 32;

/// Methods over the pools `self.write_pool()` and `self.read_pool()`.
macro_rules! rows {
    ($engine:ty) => {
        use crate::rows::RECLAIM_EVERY;
        use crate::tree::{NewTree, Tree, TreeKind, TreeState};
        use crate::IssuanceCounts;

        impl $engine {
            pub(crate) async fn open_active_tree(&self, new: &NewTree) -> Result<Tree, StoreError> {
                // Two servers that make trees at the same moment may want the same row number: one wins, the
                // other looks again.
                for _ in 0..LOOKS {
                    if let Some(active) = self.insert_unless_active(new).await? {
                        return Ok(active);
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                Err(StoreError::Busy)
            }

            async fn insert_unless_active(&self, new: &NewTree) -> Result<Option<Tree>, StoreError> {
                sqlx::query(
                    "INSERT INTO trees (tree, tree_id, kind, origin, state, created_ms, size, frontier, last_timestamp_ms) \
                     SELECT COALESCE(MAX(tree), 0) + 1, CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS text), 'active', \
                       CAST($4 AS bigint), 0, $5, 0 FROM trees \
                     WHERE NOT EXISTS (SELECT 1 FROM trees WHERE kind = $2 AND state = 'active') \
                     ON CONFLICT DO NOTHING",
                )
                .bind(new.tree_id)
                .bind(new.kind.name())
                .bind(&new.origin)
                .bind(signed(new.created_ms))
                .bind(Vec::<u8>::new())
                .execute(self.write_pool())
                .await?;
                Ok(self.trees(new.kind).await?.into_iter().find(|tree| tree.state == TreeState::Active))
            }

            pub(crate) async fn trees(&self, kind: TreeKind) -> Result<Vec<Tree>, StoreError> {
                let rows = sqlx::query(
                    "SELECT tree, tree_id, kind, origin, state, created_ms FROM trees WHERE kind = $1 ORDER BY tree",
                )
                .bind(kind.name())
                .fetch_all(self.read_pool())
                .await?;
                rows.iter()
                    .map(|row| {
                        Ok(Tree {
                            key: TreeKey(row.try_get(0)?),
                            tree_id: row.try_get(1)?,
                            kind: TreeKind::from_name(row.try_get(2)?)?,
                            origin: row.try_get(3)?,
                            state: TreeState::from_name(row.try_get(4)?)?,
                            created_ms: unsigned(row.try_get(5)?)?,
                        })
                    })
                    .collect()
            }

            pub(crate) async fn freeze(&self, tree: TreeKey) -> Result<(), StoreError> {
                sqlx::query("UPDATE trees SET state = 'frozen' WHERE tree = $1 AND state = 'active'")
                    .bind(tree.0)
                    .execute(self.write_pool())
                    .await?;
                Ok(())
            }

            /// Both in one transaction; of several servers that try at once, one does it.
            pub(crate) async fn rotate(&self, new: &NewTree) -> Result<(), StoreError> {
                let mut transaction = self.begin_write().await?;
                sqlx::query("UPDATE trees SET state = 'frozen' WHERE kind = $1 AND state = 'active'")
                    .bind(new.kind.name())
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(
                    "INSERT INTO trees (tree, tree_id, kind, origin, state, created_ms, size, frontier, last_timestamp_ms) \
                     SELECT COALESCE(MAX(tree), 0) + 1, CAST($1 AS bigint), CAST($2 AS text), CAST($3 AS text), 'active', \
                       CAST($4 AS bigint), 0, $5, 0 FROM trees",
                )
                .bind(new.tree_id)
                .bind(new.kind.name())
                .bind(&new.origin)
                .bind(signed(new.created_ms))
                .bind(Vec::<u8>::new())
                .execute(&mut *transaction)
                .await?;
                Ok(transaction.commit().await?)
            }

            pub(crate) async fn attestation(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
                let row = sqlx::query("SELECT data FROM attestations WHERE key = $1")
                    .bind(key)
                    .fetch_optional(self.read_pool())
                    .await?;
                Ok(row.map(|row| row.try_get::<Vec<u8>, _>(0)).transpose()?.map(Bytes::from))
            }

            pub(crate) async fn put_ct_issuers(&self, issuers: &[(Hash, Bytes)]) -> Result<(), StoreError> {
                for (fingerprint, certificate) in issuers {
                    sqlx::query(
                        "INSERT INTO ct_issuers (fingerprint, certificate) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    )
                    .bind(fingerprint.to_vec())
                    .bind(certificate.to_vec())
                    .execute(self.write_pool())
                    .await?;
                }
                Ok(())
            }

            pub(crate) async fn ct_issuer(&self, fingerprint: &Hash) -> Result<Option<Bytes>, StoreError> {
                let row = sqlx::query("SELECT certificate FROM ct_issuers WHERE fingerprint = $1")
                    .bind(fingerprint.to_vec())
                    .fetch_optional(self.read_pool())
                    .await?;
                Ok(row.map(|row| row.try_get::<Vec<u8>, _>(0)).transpose()?.map(Bytes::from))
            }

            pub(crate) async fn issuance_counts(&self) -> Result<IssuanceCounts, StoreError> {
                let row = sqlx::query(
                    "SELECT (SELECT COUNT(*) FROM issuance_outcomes WHERE outcome = 'issued'), \
                     (SELECT COUNT(*) FROM issuance_outcomes WHERE outcome = 'failed'), \
                     (SELECT COUNT(*) FROM issuance_outcomes WHERE outcome = 'denied'), \
                     (SELECT COUNT(*) FROM issuance_intents i WHERE NOT EXISTS \
                       (SELECT 1 FROM issuance_outcomes o WHERE o.serial = i.serial))",
                )
                .fetch_one(self.read_pool())
                .await?;
                Ok(IssuanceCounts {
                    issued: unsigned(row.try_get(0)?)?,
                    failed: unsigned(row.try_get(1)?)?,
                    denied: unsigned(row.try_get(2)?)?,
                    open: unsigned(row.try_get(3)?)?,
                })
            }

            pub(crate) async fn event_cursor(&self, tree: TreeKey, sink: &str, size: u64) -> Result<u64, StoreError> {
                sqlx::query(
                    "INSERT INTO event_cursors (tree, sink, next) SELECT $1, CAST($2 AS text), \
                       CASE WHEN EXISTS (SELECT 1 FROM event_cursors WHERE sink = $2) THEN 0 ELSE CAST($3 AS bigint) END \
                     WHERE NOT EXISTS (SELECT 1 FROM event_cursors WHERE sink = $2 AND tree = $1) ON CONFLICT DO NOTHING",
                )
                .bind(tree.0)
                .bind(sink)
                .bind(signed(size))
                .execute(self.write_pool())
                .await?;
                let row = sqlx::query("SELECT next FROM event_cursors WHERE tree = $1 AND sink = $2")
                    .bind(tree.0)
                    .bind(sink)
                    .fetch_one(self.write_pool())
                    .await?;
                unsigned(row.try_get(0)?)
            }

            pub(crate) async fn advance_event_cursor(
                &self,
                tree: TreeKey,
                sink: &str,
                (from, to): (u64, u64),
            ) -> Result<bool, StoreError> {
                let updated = sqlx::query("UPDATE event_cursors SET next = $4 WHERE tree = $1 AND sink = $2 AND next = $3")
                    .bind(tree.0)
                    .bind(sink)
                    .bind(signed(from))
                    .bind(signed(to))
                    .execute(self.write_pool())
                    .await?;
                Ok(updated.rows_affected() == 1)
            }

            pub(crate) async fn ping(&self) -> Result<(), StoreError> {
                sqlx::query("SELECT 1").execute(self.read_pool()).await?;
                Ok(())
            }

            pub(crate) async fn head(&self, tree: TreeKey) -> Result<Head, StoreError> {
                head(&mut *self.read_pool().acquire().await?, tree).await
            }

            pub(crate) async fn edge(&self, tree: TreeKey) -> Result<Edge, StoreError> {
                edge(&mut *self.read_pool().acquire().await?, tree).await
            }

            pub(crate) async fn tile(&self, tree: TreeKey, at: TileCoord) -> Result<Option<Bytes>, StoreError> {
                tile(&mut *self.read_pool().acquire().await?, tree, at).await
            }

            pub(crate) async fn tile_roots(
                &self,
                tree: TreeKey,
                level: u8,
                from: u64,
                count: u64,
            ) -> Result<Vec<Hash>, StoreError> {
                let to = from.saturating_add(count);
                tile_roots(&mut *self.read_pool().acquire().await?, tree, level.into(), from, to).await
            }

            pub(crate) async fn entries(
                &self,
                tree: TreeKey,
                from: u64,
                count: u64,
            ) -> Result<Vec<StoredEntry>, StoreError> {
                entries(&mut *self.read_pool().acquire().await?, tree, from, count).await
            }

            pub(crate) async fn bundle(&self, tree: TreeKey, n: u64) -> Result<Option<Bundle>, StoreError> {
                bundle(&mut *self.read_pool().acquire().await?, tree, n).await
            }

            pub(crate) async fn find_leaf(&self, tree: TreeKey, hash: &Hash) -> Result<Option<u64>, StoreError> {
                find_leaf(&mut *self.read_pool().acquire().await?, tree, hash).await
            }

            /// Seals full runs of 256 entries, each in a transaction of its own.
            pub(crate) async fn seal(&self, tree: TreeKey) -> Result<u64, StoreError> {
                let full = self.head(tree).await?.size() / BUNDLE_WIDTH;
                let row = sqlx::query("SELECT COALESCE(MAX(n) + 1, 0) FROM entry_bundles WHERE tree = $1")
                    .bind(tree.0)
                    .fetch_one(self.read_pool())
                    .await?;
                let first = unsigned(row.try_get(0)?)?;
                let mut sealed = 0;
                for n in first..full {
                    // First, so that what has a bundle has its postings packed.
                    self.seal_search_with(tree, n).await?;
                    sealed += u64::from(self.seal_one(tree, n).await?);
                }
                if full / RECLAIM_EVERY != first / RECLAIM_EVERY {
                    self.reclaim().await;
                }
                Ok(sealed)
            }

            async fn seal_one(&self, tree: TreeKey, n: u64) -> Result<bool, StoreError> {
                let (begin, end) = (n * BUNDLE_WIDTH, (n + 1) * BUNDLE_WIDTH);
                let batches = batches(&mut *self.read_pool().acquire().await?, tree, begin, end).await?;
                let run = select(batches, begin, end);
                if run.len() as u64 != BUNDLE_WIDTH {
                    // Either another server sealed it and took the batches away, or entries are lost; then
                    // nothing after the gap may be sealed, for sealing takes batches away.
                    let sealed = bundle(&mut *self.read_pool().acquire().await?, tree, n).await?.is_some();
                    let lost = || StoreError::corrupt(format!("entries of bundle {n} are missing"));
                    return if sealed { Ok(false) } else { Err(lost()) };
                }
                let packed = crate::bundle_codec::pack(&run)?;
                let mut transaction = self.begin_write().await?;
                let inserted = sqlx::query(
                    "INSERT INTO entry_bundles (tree, n, timestamps, sizes, data, parts) VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(tree.0)
                .bind(signed(n))
                .bind(packed.timestamps)
                .bind(packed.sizes)
                .bind(packed.gzip)
                .bind(packed.parts)
                .execute(&mut *transaction)
                .await?;
                sqlx::query("DELETE FROM leaf_batches WHERE tree = $1 AND first_index < $2 AND first_index + count <= $2")
                    .bind(tree.0)
                    .bind(signed(end))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(inserted.rows_affected() == 1)
            }
        }
    };
}
pub(crate) use rows;
