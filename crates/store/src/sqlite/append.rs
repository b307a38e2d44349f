use serde_json::json;
use sqlx::QueryBuilder;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use super::{Sqlite, assigned_at, edge_hashes, leaf_hash_at, tile_roots};
use crate::batch::{Batch, Committed};
use crate::plan::plan;
use crate::search::SearchTerm;

crate::appends::appends!(
    SqliteConnection,
    "SELECT state, size, frontier, last_timestamp_ms FROM trees WHERE tree = $1",
    "INSERT INTO leaf_batches (tree, first_index, count, timestamp_ms, leaf_hashes, sizes, records) \
         VALUES ($1, $2, $3, $4, $5, $6, $7); \
     INSERT OR FAIL INTO search_batches (tree, first_index, data) SELECT $1, $2, $11 WHERE length($11) > 0; \
     INSERT OR FAIL INTO leaf_lookup (prefix, idx, tree) \
         SELECT value ->> 0, value ->> 1, $1 FROM json_each($12); \
     INSERT OR FAIL INTO identities (identity, idx, tree) \
         SELECT unhex(value ->> 0), value ->> 1, $1 FROM json_each($13); \
     UPDATE trees SET size = $8, frontier = $9, last_timestamp_ms = $10 WHERE tree = $1 AND size = $2 RETURNING tree"
);

impl Sqlite {
    /// One transaction; see [`crate::TreeStore::append`].
    pub(crate) async fn append(&self, tree: TreeKey, batch: &Batch) -> Result<Committed, StoreError> {
        let mut transaction = self.begin_write().await?;
        let before = lock_head(&mut transaction, tree).await?;
        let existing = find_existing(&mut transaction, tree, &batch.proposals).await?;
        let plan = plan(before, batch, existing);
        if plan.batch_row.is_some() {
            let terms = self.known_terms.unknown(plan.terms.iter());
            write(&mut transaction, tree, &plan).await?;
            insert_terms(&mut transaction, &terms).await?;
            // The file may hold the commit although the answer was lost (a full disk while syncing, say).
            transaction.commit().await.map_err(|_| StoreError::UnknownOutcome)?;
            self.known_terms.remember(terms);
        }
        Ok(plan.committed)
    }
}

/// The entries whose leaf hashes start so.
async fn with_prefix(
    connection: &mut SqliteConnection,
    tree: TreeKey,
    prefixes: Vec<i64>,
) -> Result<Vec<u64>, StoreError> {
    if prefixes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT idx FROM leaf_lookup WHERE tree = $1 AND prefix IN (SELECT value FROM json_each($2))",
    )
    .bind(tree.0)
    .bind(json!(prefixes).to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| unsigned(row.try_get(0)?)).collect()
}

/// The entries that have one of those identities.
async fn identified(
    connection: &mut SqliteConnection,
    tree: TreeKey,
    identities: &[Hash],
) -> Result<Vec<(Hash, u64)>, StoreError> {
    if identities.is_empty() {
        return Ok(Vec::new());
    }
    let identities: Vec<_> = identities.iter().map(hex::encode).collect();
    let rows = sqlx::query(
        "SELECT identity, idx FROM identities WHERE tree = $1 AND identity IN (SELECT unhex(value) FROM json_each($2))",
    )
    .bind(tree.0)
    .bind(json!(identities).to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((crate::codec::decode_hash(row.try_get(0)?)?, unsigned(row.try_get(1)?)?)))
        .collect()
}

/// What is looked up of a batch, in JSON: SQLite has no other lists.
fn bind_lists<'q>(
    query: Query<'q, sqlx::Sqlite, SqliteArguments>,
    plan: &Plan,
) -> Query<'q, sqlx::Sqlite, SqliteArguments> {
    let lookups: Vec<_> = plan.lookups.iter().map(|(hash, index)| (prefix(hash), index)).collect();
    let identities: Vec<_> =
        plan.identities.iter().map(|(identity, index)| (hex::encode(identity), index)).collect();
    query.bind(json!(lookups).to_string()).bind(json!(identities).to_string())
}

/// Rows in one statement; SQLite takes at most 32,766 parameters.
const ROWS: usize = 1000;

async fn insert_terms(connection: &mut SqliteConnection, terms: &[SearchTerm]) -> Result<(), StoreError> {
    for chunk in terms.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT OR IGNORE INTO search_terms (field, term) ");
        query.push_values(chunk, |mut row, term| {
            row.push_bind(term.field).push_bind(&term.text);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}
