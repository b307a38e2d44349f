//! The CA's audit trail in multi-row inserts: a statement of its own for each row would cost more than the row.

use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Row as _};

use super::Sqlite;
use crate::codec::{decode_hash, signed, unsigned};
use crate::{Intent, Issuance, StoreError};

crate::trail_rows::trail_rows!(Sqlite, sqlx::Sqlite);

impl Sqlite {
    /// One transaction; see [`crate::Database::record_issuances`].
    pub(crate) async fn record_issuances(
        &self,
        intents: &[&Intent],
        issuances: &[&Issuance],
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        insert_intents(&mut transaction, intents).await?;
        insert_outcomes(&mut transaction, issuances).await?;
        Ok(transaction.commit().await?)
    }
}

/// Rows in one statement; SQLite takes at most 32,766 parameters.
const ROWS: usize = 1000;

async fn insert_intents(connection: &mut SqliteConnection, intents: &[&Intent]) -> Result<(), StoreError> {
    for chunk in intents.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT OR FAIL INTO issuance_intents \
             (serial, at_ms, issuer, subject, san, key_fingerprint, not_before, not_after, claims) ",
        );
        query.push_values(chunk, |mut row, intent| {
            row.push_bind(&intent.serial)
                .push_bind(signed(intent.at_ms))
                .push_bind(&intent.issuer)
                .push_bind(&intent.subject)
                .push_bind(&intent.san)
                .push_bind(intent.key_fingerprint.to_vec())
                .push_bind(intent.not_before)
                .push_bind(intent.not_after)
                .push_bind(&intent.claims);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_outcomes(
    connection: &mut SqliteConnection,
    issuances: &[&Issuance],
) -> Result<(), StoreError> {
    for chunk in issuances.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT OR FAIL INTO issuance_outcomes (serial, at_ms, outcome, certificate, reason, scts) ",
        );
        query.push_values(chunk, |mut row, issuance| {
            let columns = issuance.columns();
            row.push_bind(&issuance.serial)
                .push_bind(signed(issuance.at_ms))
                .push_bind(columns.outcome)
                .push_bind(columns.certificate)
                .push_bind(columns.reason)
                .push_bind(columns.scts);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}
