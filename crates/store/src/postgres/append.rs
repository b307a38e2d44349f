use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::{Connection, Postgres, assigned_at, edge_hashes, leaf_hash_at, tile_roots};
use crate::batch::{Batch, Committed};
use crate::plan::plan;
use crate::search::SearchTerm;

crate::appends::appends!(
    Connection,
    "SELECT state, size, frontier, last_timestamp_ms FROM trees WHERE tree = $1 FOR UPDATE",
    "WITH batch AS ( \
         INSERT INTO leaf_batches (tree, first_index, count, timestamp_ms, leaf_hashes, sizes, records) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ), posted AS ( \
         INSERT INTO search_batches (tree, first_index, data) SELECT $1, $2, $11 WHERE length($11) > 0 \
     ), looked_up AS ( \
         INSERT INTO leaf_lookup (prefix, idx, tree) SELECT p, i, $1 FROM UNNEST($12::int8[], $13::int8[]) AS t(p, i) \
     ), identified AS ( \
         INSERT INTO identities (identity, idx, tree) SELECT k, i, $1 FROM UNNEST($14::bytea[], $15::int8[]) AS t(k, i) \
     ) UPDATE trees SET size = $8, frontier = $9, last_timestamp_ms = $10 WHERE tree = $1 AND size = $2 RETURNING tree"
);

impl Postgres {
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
            // A connection that is lost from here on may have carried the commit.
            transaction.commit().await.map_err(|_| StoreError::UnknownOutcome)?;
            self.known_terms.remember(terms);
        }
        Ok(plan.committed)
    }
}

/// The entries whose leaf hashes start so.
async fn with_prefix(
    connection: &mut Connection,
    tree: TreeKey,
    prefixes: Vec<i64>,
) -> Result<Vec<u64>, StoreError> {
    if prefixes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT idx FROM leaf_lookup WHERE prefix = ANY($1) AND tree = $2")
        .bind(prefixes)
        .bind(tree.0)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| unsigned(row.try_get(0)?)).collect()
}

/// The entries that have one of those identities.
async fn identified(
    connection: &mut Connection,
    tree: TreeKey,
    identities: &[Hash],
) -> Result<Vec<(Hash, u64)>, StoreError> {
    if identities.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT identity, idx FROM identities WHERE identity = ANY($1) AND tree = $2")
        .bind(identities.iter().map(|identity| identity.to_vec()).collect::<Vec<_>>())
        .bind(tree.0)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((crate::codec::decode_hash(row.try_get(0)?)?, unsigned(row.try_get(1)?)?)))
        .collect()
}

/// What is looked up of a batch.
fn bind_lists<'q>(
    query: Query<'q, sqlx::Postgres, PgArguments>,
    plan: &Plan,
) -> Query<'q, sqlx::Postgres, PgArguments> {
    query
        .bind(plan.lookups.iter().map(|(hash, _)| prefix(hash)).collect::<Vec<_>>())
        .bind(plan.lookups.iter().map(|(_, index)| signed(*index)).collect::<Vec<_>>())
        .bind(plan.identities.iter().map(|(identity, _)| identity.to_vec()).collect::<Vec<_>>())
        .bind(plan.identities.iter().map(|(_, index)| signed(*index)).collect::<Vec<_>>())
}

async fn insert_terms(connection: &mut Connection, terms: &[SearchTerm]) -> Result<(), StoreError> {
    if terms.is_empty() {
        return Ok(());
    }
    sqlx::query("INSERT INTO search_terms (field, term) SELECT f, t FROM UNNEST($1::int2[], $2::text[]) AS n(f, t) ON CONFLICT DO NOTHING")
        .bind(terms.iter().map(|term| term.field).collect::<Vec<_>>())
        .bind(terms.iter().map(|term| term.text.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
