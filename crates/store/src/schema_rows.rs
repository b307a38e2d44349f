//! Which versions of the schema a database has, read by both engines with the same SQL.

/// The method over the read pool, for the engine, its migrations and the question whether any was ever applied.
macro_rules! schema_rows {
    ($engine:ty, $migrations:expr, $is_there:literal) => {
        impl $engine {
            pub(crate) async fn schema(&self) -> Result<crate::Schema, StoreError> {
                let row = sqlx::query($is_there).fetch_one(self.read_pool()).await?;
                let mut applied = Vec::new();
                if row.try_get(0)? {
                    let rows = sqlx::query(
                        "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version",
                    )
                    .fetch_all(self.read_pool())
                    .await?;
                    for row in rows {
                        applied.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
                    }
                }
                crate::Schema::compare(&$migrations, &applied)
            }
        }
    };
}
pub(crate) use schema_rows;
