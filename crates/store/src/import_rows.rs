//! Rows of imported shards, which both engines read and write with the same SQL.

/// Methods over the pools.
macro_rules! import_rows {
    ($engine:ty) => {
        use crate::ImportedShard;

        impl $engine {
            /// The tree becomes a frozen shard, in one transaction with what is kept of it; false if it is not of
            /// that size, or the log has gone on by itself.
            pub(crate) async fn finish_import(
                &self,
                tree: TreeKey,
                size: u64,
                shard: &ImportedShard,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.begin_write().await?;
                let finished = sqlx::query(
                    "UPDATE trees SET kind = $3, state = 'frozen' WHERE tree = $1 AND size = $2 AND kind = $4 \
                     AND NOT EXISTS (SELECT 1 FROM trees WHERE kind = $3 AND state = 'active')",
                )
                .bind(tree.0)
                .bind(signed(size))
                .bind(TreeKind::RekorV1.name())
                .bind(TreeKind::RekorV1Import.name())
                .execute(&mut *transaction)
                .await?;
                if finished.rows_affected() != 1 {
                    return Ok(false);
                }
                sqlx::query("INSERT INTO imported_shards (tree, public_key, checkpoint) VALUES ($1, $2, $3)")
                    .bind(tree.0)
                    .bind(&shard.public_key)
                    .bind(&shard.checkpoint)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(true)
            }

            /// What is kept of an imported shard; `None` for others.
            pub(crate) async fn imported_shard(
                &self,
                tree: TreeKey,
            ) -> Result<Option<ImportedShard>, StoreError> {
                let row = sqlx::query("SELECT public_key, checkpoint FROM imported_shards WHERE tree = $1")
                    .bind(tree.0)
                    .fetch_optional(self.read_pool())
                    .await?;
                row.map(|row| Ok(ImportedShard { public_key: row.try_get(0)?, checkpoint: row.try_get(1)? }))
                    .transpose()
            }
        }
    };
}
pub(crate) use import_rows;
