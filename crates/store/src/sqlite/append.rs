use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::{Sqlite, assigned_at, edge_hashes, leaf_hash_at, tile_roots};
use crate::batch::{Batch, Committed};
use crate::plan::plan;
use crate::search::SearchTerm;

crate::appends::appends!(
    SqliteConnection,
    "SELECT state, size, frontier, last_timestamp_ms FROM trees WHERE tree = $1"
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

/// Rows in one statement; SQLite takes at most 32,766 parameters.
const ROWS: usize = 1000;

/// The entries whose leaf hashes start so.
async fn with_prefix(
    connection: &mut SqliteConnection,
    tree: TreeKey,
    prefixes: Vec<i64>,
) -> Result<Vec<u64>, StoreError> {
    let mut found = Vec::new();
    for chunk in prefixes.chunks(ROWS) {
        let mut query = QueryBuilder::new("SELECT idx FROM leaf_lookup WHERE tree = ");
        query.push_bind(tree.0).push(" AND prefix IN (");
        let mut list = query.separated(", ");
        chunk.iter().for_each(|prefix| {
            list.push_bind(*prefix);
        });
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push(unsigned(row.try_get(0)?)?);
        }
    }
    Ok(found)
}

/// The entries that have one of those identities.
async fn identified(
    connection: &mut SqliteConnection,
    tree: TreeKey,
    identities: &[Hash],
) -> Result<Vec<(Hash, u64)>, StoreError> {
    let mut found = Vec::new();
    for chunk in identities.chunks(ROWS) {
        let mut query = QueryBuilder::new("SELECT identity, idx FROM identities WHERE tree = ");
        query.push_bind(tree.0).push(" AND identity IN (");
        let mut list = query.separated(", ");
        chunk.iter().for_each(|identity| {
            list.push_bind(identity.to_vec());
        });
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push((crate::codec::decode_hash(row.try_get(0)?)?, unsigned(row.try_get(1)?)?));
        }
    }
    Ok(found)
}

async fn insert_lookups(
    connection: &mut SqliteConnection,
    tree: TreeKey,
    plan: &Plan,
) -> Result<(), StoreError> {
    for chunk in plan.lookups.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT OR FAIL INTO leaf_lookup (prefix, idx, tree) ");
        query.push_values(chunk, |mut row, (hash, index)| {
            row.push_bind(prefix(hash)).push_bind(signed(*index)).push_bind(tree.0);
        });
        query.build().execute(&mut *connection).await?;
    }
    for chunk in plan.identities.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT OR FAIL INTO identities (identity, idx, tree) ");
        query.push_values(chunk, |mut row, (identity, index)| {
            row.push_bind(identity.to_vec()).push_bind(signed(*index)).push_bind(tree.0);
        });
        query.build().execute(&mut *connection).await?;
    }
    for chunk in plan.postings.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT OR IGNORE INTO search_recent (key, idx, tree) ");
        query.push_values(chunk, |mut row, (key, index)| {
            row.push_bind(key.0.cast_signed()).push_bind(signed(*index)).push_bind(tree.0);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

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
