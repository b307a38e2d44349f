//! The CA's audit trail in multi-row inserts: one statement, whatever the number of rows.

use sqlx::{QueryBuilder, Row as _};

use super::{Connection, Postgres};
use crate::codec::{decode_hash, signed, unsigned};
use crate::{Intent, Issuance, StoreError};

crate::trail_rows::trail_rows!(Postgres, sqlx::Postgres);

pub(super) async fn insert_intents(
    connection: &mut Connection,
    intents: &[Intent],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO issuance_intents (serial, at_ms, issuer, subject, san, key_fingerprint, not_before, not_after, claims) \
         SELECT * FROM UNNEST($1::bytea[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::int8[], $8::int8[], \
           $9::text[])",
    )
    .bind(column(intents, |intent| intent.serial.clone()))
    .bind(column(intents, |intent| signed(intent.at_ms)))
    .bind(column(intents, |intent| intent.issuer.clone()))
    .bind(column(intents, |intent| intent.subject.clone()))
    .bind(column(intents, |intent| intent.san.clone()))
    .bind(column(intents, |intent| intent.key_fingerprint.to_vec()))
    .bind(column(intents, |intent| intent.not_before))
    .bind(column(intents, |intent| intent.not_after))
    .bind(column(intents, |intent| intent.claims.clone()))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_outcomes(
    connection: &mut Connection,
    issuances: &[Issuance],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO issuance_outcomes (serial, at_ms, outcome, certificate, reason, scts) \
         SELECT * FROM UNNEST($1::bytea[], $2::int8[], $3::text[], $4::bytea[], $5::text[], $6::bytea[])",
    )
    .bind(column(issuances, |issuance| issuance.serial.clone()))
    .bind(column(issuances, |issuance| signed(issuance.at_ms)))
    .bind(column(issuances, |issuance| issuance.columns().outcome))
    .bind(column(issuances, |issuance| issuance.columns().certificate.to_vec()))
    .bind(column(issuances, |issuance| issuance.columns().reason.to_owned()))
    .bind(column(issuances, |issuance| issuance.columns().scts.to_vec()))
    .execute(connection)
    .await?;
    Ok(())
}

fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
