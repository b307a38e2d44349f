//! Postgres: any number of servers on one database, in the portable subset (row locks, `ON CONFLICT`,
//! `UNNEST`), so that it also runs on its distributed relatives and behind transaction poolers.

mod append;
mod search;
mod trail;

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};

use crate::Options;
use crate::search::KnownTerms;

crate::reads::reads!(PgConnection);
crate::rows::rows!(Postgres);
crate::checkpoint_rows::checkpoint_rows!(Postgres);
crate::import_rows::import_rows!(Postgres);

/// A Postgres database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
    known_terms: KnownTerms,
}

impl Postgres {
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        let mut connect = PgConnectOptions::from_str(url)?.application_name("sigstead");
        if !options.statement_cache {
            connect = connect.statement_cache_capacity(0);
        }
        let pool = PgPoolOptions::new().max_connections(options.connections).connect_with(connect).await?;
        Ok(Self { pool, known_terms: KnownTerms::default() })
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(crate::migrations::postgres().run(&self.pool).await?)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    fn read_pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn write_pool(&self) -> &PgPool {
        &self.pool
    }

    /// Batches and fresh postings are written, sealed and deleted: their space is used again once it is
    /// vacuumed, which Postgres does by itself once a minute, when gigabytes may have come. A database that
    /// does not let us, or is not quite Postgres, keeps its own pace.
    async fn reclaim(&self) {
        for statement in ["VACUUM leaf_batches", "VACUUM search_recent"] {
            drop(sqlx::query(statement).execute(&self.pool).await);
        }
    }

    async fn begin_write(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
        Ok(self.pool.begin().await?)
    }
}
