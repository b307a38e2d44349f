//! Lines of the CA's audit trail, which both engines read with the same SQL.

/// The method over the read pool, for the engine and its driver.
macro_rules! trail_rows {
    ($engine:ty, $driver:ty) => {
        use crate::{IssuanceOutcome, IssuanceQuery, IssuanceState, RecordedIssuance, SanPattern};

        impl $engine {
            pub(crate) async fn issuances(
                &self,
                query: &IssuanceQuery,
                limit: u32,
            ) -> Result<Vec<RecordedIssuance>, StoreError> {
                let rows = select(query, limit).build().fetch_all(self.read_pool()).await?;
                rows.iter().map(recorded).collect()
            }
        }

        /// Failures and denials are few and have an index each, which serves the word, not a parameter; both engines
        /// begin with them when they stand in a subquery.
        fn select(query: &IssuanceQuery, limit: u32) -> QueryBuilder<$driver> {
            let mut sql = QueryBuilder::new(
                "SELECT i.serial, i.at_ms, i.issuer, i.subject, i.san, i.claims, i.key_fingerprint, i.not_before, \
                 i.not_after, o.at_ms, o.outcome, o.certificate, o.reason, o.scts FROM issuance_intents i \
                 LEFT JOIN issuance_outcomes o ON o.serial = i.serial WHERE ",
            );
            sql.push(match query.state {
                None => "",
                Some(IssuanceState::Issued) => "o.outcome = 'issued' AND ",
                Some(IssuanceState::Failed) => {
                    "i.serial IN (SELECT serial FROM issuance_outcomes WHERE outcome = 'failed') AND "
                }
                Some(IssuanceState::Denied) => {
                    "i.serial IN (SELECT serial FROM issuance_outcomes WHERE outcome = 'denied') AND "
                }
                Some(IssuanceState::Open) => {
                    "i.serial IN (SELECT serial FROM issuance_intents EXCEPT SELECT serial FROM issuance_outcomes) AND "
                }
            });
            sql.push("i.at_ms >= ").push_bind(signed(query.time.start));
            sql.push(" AND i.at_ms < ").push_bind(signed(query.time.end));
            if let Some(serial) = &query.serial {
                sql.push(" AND i.serial = ").push_bind(serial.clone());
            }
            match &query.san {
                Some(SanPattern::Exact(san)) => {
                    sql.push(" AND i.san = ").push_bind(san.clone());
                }
                Some(SanPattern::Prefix(prefix)) => {
                    sql.push(" AND i.san >= ").push_bind(prefix.clone());
                    sql.push(" AND i.san <= ").push_bind(format!("{prefix}\u{10ffff}"));
                }
                None => {}
            }
            if let Some(issuer) = &query.issuer {
                sql.push(" AND i.issuer = ").push_bind(issuer.clone());
            }
            if let Some((at_ms, serial)) = &query.after {
                sql.push(" AND (i.at_ms, i.serial) < (").push_bind(signed(*at_ms));
                sql.push(", ").push_bind(serial.clone()).push(")");
            }
            sql.push(" ORDER BY i.at_ms DESC, i.serial DESC LIMIT ").push_bind(i64::from(limit));
            sql
        }

        fn recorded(row: &<$driver as sqlx::Database>::Row) -> Result<RecordedIssuance, StoreError> {
            let intent = Intent {
                serial: row.try_get(0)?,
                at_ms: unsigned(row.try_get(1)?)?,
                issuer: row.try_get(2)?,
                subject: row.try_get(3)?,
                san: row.try_get(4)?,
                claims: row.try_get(5)?,
                key_fingerprint: decode_hash(row.try_get(6)?)?,
                not_before: row.try_get(7)?,
                not_after: row.try_get(8)?,
            };
            let Some(at_ms) = row.try_get::<Option<i64>, _>(9)? else {
                return Ok(RecordedIssuance { intent, issuance: None });
            };
            let outcome = IssuanceOutcome::from_columns(
                row.try_get(10)?,
                row.try_get(11)?,
                row.try_get(12)?,
                row.try_get(13)?,
            );
            let outcome = outcome.ok_or_else(|| StoreError::corrupt("an issuance's outcome"))?;
            let issuance = Issuance { serial: intent.serial.clone(), at_ms: unsigned(at_ms)?, outcome };
            Ok(RecordedIssuance { intent, issuance: Some(issuance) })
        }
    };
}
pub(crate) use trail_rows;
