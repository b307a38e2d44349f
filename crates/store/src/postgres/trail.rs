//! The CA's audit trail in multi-row inserts: one statement, whatever the number of rows.

use sqlx::postgres::PgConnection;

use crate::codec::signed;
use crate::{Intent, Issuance, StoreError};

pub(super) async fn insert_intents(
    connection: &mut PgConnection,
    intents: &[Intent],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO issuance_intents (serial, at_ms, issuer, subject, san, key_fingerprint, not_before, not_after) \
         SELECT * FROM UNNEST($1::bytea[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::int8[], $8::int8[])",
    )
    .bind(column(intents, |intent| intent.serial.clone()))
    .bind(column(intents, |intent| signed(intent.at_ms)))
    .bind(column(intents, |intent| intent.issuer.clone()))
    .bind(column(intents, |intent| intent.subject.clone()))
    .bind(column(intents, |intent| intent.san.clone()))
    .bind(column(intents, |intent| intent.key_fingerprint.to_vec()))
    .bind(column(intents, |intent| intent.not_before))
    .bind(column(intents, |intent| intent.not_after))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_outcomes(
    connection: &mut PgConnection,
    issuances: &[Issuance],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO issuance_outcomes (serial, at_ms, outcome, certificate, reason) \
         SELECT * FROM UNNEST($1::bytea[], $2::int8[], $3::text[], $4::bytea[], $5::text[])",
    )
    .bind(column(issuances, |issuance| issuance.serial.clone()))
    .bind(column(issuances, |issuance| signed(issuance.at_ms)))
    .bind(column(issuances, |issuance| issuance.columns().0))
    .bind(column(issuances, |issuance| issuance.columns().1.to_vec()))
    .bind(column(issuances, |issuance| issuance.columns().2.to_owned()))
    .execute(connection)
    .await?;
    Ok(())
}

fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
