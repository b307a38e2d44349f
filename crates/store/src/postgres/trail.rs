//! The CA's audit trail: one statement, whatever the number of rows.

use sqlx::{QueryBuilder, Row as _};

use super::Postgres;
use crate::codec::{decode_hash, signed, unsigned};
use crate::{Intent, Issuance, StoreError};

crate::trail_rows::trail_rows!(Postgres, sqlx::Postgres);

impl Postgres {
    /// One statement, which is a transaction by itself; see [`crate::Database::record_issuances`]. A certificate waits for
    /// it twice, and between two machines each exchange takes its time.
    pub(crate) async fn record_issuances(
        &self,
        intents: &[&Intent],
        issuances: &[&Issuance],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "WITH intended AS ( \
                 INSERT INTO issuance_intents \
                     (serial, at_ms, issuer, subject, san, key_fingerprint, not_before, not_after, claims) \
                 SELECT * FROM UNNEST($1::bytea[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::int8[], \
                     $8::int8[], $9::text[]) \
             ) INSERT INTO issuance_outcomes (serial, at_ms, outcome, certificate, reason, scts) \
             SELECT * FROM UNNEST($10::bytea[], $11::int8[], $12::text[], $13::bytea[], $14::text[], $15::bytea[])",
        )
        .bind(column(intents, |intent| intent.serial.as_slice()))
        .bind(column(intents, |intent| signed(intent.at_ms)))
        .bind(column(intents, |intent| intent.issuer.as_str()))
        .bind(column(intents, |intent| intent.subject.as_str()))
        .bind(column(intents, |intent| intent.san.as_str()))
        .bind(column(intents, |intent| intent.key_fingerprint.as_slice()))
        .bind(column(intents, |intent| intent.not_before))
        .bind(column(intents, |intent| intent.not_after))
        .bind(column(intents, |intent| intent.claims.as_str()))
        .bind(column(issuances, |issuance| issuance.serial.as_slice()))
        .bind(column(issuances, |issuance| signed(issuance.at_ms)))
        .bind(column(issuances, |issuance| issuance.columns().outcome))
        .bind(column(issuances, |issuance| issuance.columns().certificate))
        .bind(column(issuances, |issuance| issuance.columns().reason))
        .bind(column(issuances, |issuance| issuance.columns().scts))
        .execute(self.write_pool())
        .await?;
        Ok(())
    }
}

fn column<'a, T, V>(rows: &[&'a T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(|row| value(row)).collect()
}
