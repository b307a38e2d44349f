//! Rows of checkpoints, own and witnessed ones, and of the keys that sign them, which both engines read and write with
//! the same SQL.

/// Methods over the pools.
macro_rules! checkpoint_rows {
    ($engine:ty) => {
        use crate::WitnessedHead;

        impl $engine {
            pub(crate) async fn keep_checkpoint(
                &self,
                tree: TreeKey,
                size: u64,
                note: &str,
            ) -> Result<(), StoreError> {
                sqlx::query("INSERT INTO checkpoints (tree, size, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                    .bind(tree.0)
                    .bind(signed(size))
                    .bind(note)
                    .execute(self.write_pool())
                    .await?;
                Ok(())
            }

            pub(crate) async fn kept_checkpoint(
                &self,
                tree: TreeKey,
                size: u64,
            ) -> Result<Option<String>, StoreError> {
                let row = sqlx::query(
                    "SELECT note FROM checkpoints WHERE tree = $1 AND size <= $2 ORDER BY size DESC LIMIT 1",
                )
                .bind(tree.0)
                .bind(signed(size))
                .fetch_optional(self.read_pool())
                .await?;
                row.map(|row| Ok(row.try_get(0)?)).transpose()
            }

            /// Of several servers that bring keys at once, one is the first.
            pub(crate) async fn remember_key(&self, tree: TreeKey, fingerprint: &Hash) -> Result<Hash, StoreError> {
                sqlx::query("INSERT INTO tree_keys (tree, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(tree.0)
                    .bind(fingerprint.to_vec())
                    .execute(self.write_pool())
                    .await?;
                let row = sqlx::query("SELECT fingerprint FROM tree_keys WHERE tree = $1")
                    .bind(tree.0)
                    .fetch_one(self.write_pool())
                    .await?;
                let remembered: Vec<u8> = row.try_get(0)?;
                remembered.try_into().map_err(|_| StoreError::corrupt("the key of a tree"))
            }

            pub(crate) async fn witnessed(&self, origin: &str) -> Result<Option<WitnessedHead>, StoreError> {
                let row = sqlx::query("SELECT size, root FROM witnessed_logs WHERE origin = $1")
                    .bind(origin)
                    .fetch_optional(self.write_pool())
                    .await?;
                row.map(|row| {
                    let root: Vec<u8> = row.try_get(1)?;
                    let root = root.try_into().map_err(|_| StoreError::corrupt("the root of a witnessed log"))?;
                    Ok(WitnessedHead { size: unsigned(row.try_get(0)?)?, root })
                })
                .transpose()
            }

            /// Of several servers that move from the same head at once, one does it.
            pub(crate) async fn witness(
                &self,
                origin: &str,
                seen: Option<&WitnessedHead>,
                now: &WitnessedHead,
            ) -> Result<bool, StoreError> {
                let query = match seen {
                    None => sqlx::query(
                        "INSERT INTO witnessed_logs (origin, size, root) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    ),
                    Some(_) => sqlx::query(
                        "UPDATE witnessed_logs SET size = $2, root = $3 WHERE origin = $1 AND size = $4 AND root = $5",
                    ),
                };
                let query = query.bind(origin).bind(signed(now.size)).bind(now.root.to_vec());
                let query = match seen {
                    None => query,
                    Some(seen) => query.bind(signed(seen.size)).bind(seen.root.to_vec()),
                };
                Ok(query.execute(self.write_pool()).await?.rows_affected() == 1)
            }
        }
    };
}
pub(crate) use checkpoint_rows;
