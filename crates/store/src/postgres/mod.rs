//! Postgres: any number of servers on one database, in the portable subset (row locks, `ON CONFLICT`,
//! `UNNEST`), so that it also runs on its distributed relatives and behind transaction poolers.

mod append;
mod connections;
mod search;
mod trail;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;

use crate::replica::{Replica, patient};
use crate::search::KnownTerms;
use crate::{DatabaseTls, Options};
use connections::{Connection, Connections};

crate::reads::reads!(Connection);
crate::rows::rows!(Postgres);
crate::checkpoint_rows::checkpoint_rows!(Postgres);
crate::import_rows::import_rows!(Postgres);
crate::schema_rows::schema_rows!(
    Postgres,
    crate::migrations::postgres(),
    "SELECT to_regclass('_sqlx_migrations') IS NOT NULL"
);

/// A Postgres database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Postgres {
    connections: Connections,
    /// How a migration connects: without the time limits of requests.
    connect: Box<PgConnectOptions>,
    transaction_pooler: bool,
    known_terms: KnownTerms,
    replica: Option<Arc<Replica>>,
}

impl Postgres {
    pub(crate) async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        let connect = connect(url, options)?;
        let connections = Connections::open(connect.clone(), options).await?;
        Ok(Self::on(connections, connect, options))
    }

    fn on(connections: Connections, connect: PgConnectOptions, options: &Options) -> Self {
        let transaction_pooler = options.transaction_pooler;
        let connect = Box::new(connect);
        Self { connections, connect, transaction_pooler, known_terms: KnownTerms::default(), replica: None }
    }

    /// Reads what may be a little old from a copy. One that is not there now may come later; one of another
    /// database is refused.
    pub(crate) async fn with_replica(mut self, url: &str, options: &Options) -> Result<Self, StoreError> {
        let first = sqlx::query("SELECT tree_id FROM trees ORDER BY tree LIMIT 1");
        let first = first.fetch_optional(self.read_pool()).await?;
        let first_tree = first.map(|row| row.try_get(0)).transpose()?;
        let (connect, options) = (connect(url, options)?, patient(options));
        match tokio::time::timeout(options.acquire_timeout, connections::look(&connect, first_tree)).await {
            Ok(Err(error @ sqlx::Error::Configuration(_))) => return Err(error.into()),
            Ok(Err(error)) => tracing::warn!(%error, "the database's replica does not answer"),
            Err(_) => tracing::warn!("the database's replica does not answer"),
            Ok(Ok(())) => {}
        }
        let copy = Self::on(Connections::replica(connect.clone(), &options, first_tree), connect, &options);
        self.replica = Some(Arc::new(Replica::new(copy)));
        Ok(self)
    }

    /// The copy, while it answers.
    pub(crate) fn replica(&self) -> Option<&Replica> {
        self.replica.as_deref().filter(|replica| !replica.rests())
    }

    /// On a connection of its own; a lock that it waits for is asked for again and again, so that others get it between.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        if self.transaction_pooler {
            let is_current = self.schema().await?.pending.is_empty();
            return if is_current { Ok(()) } else { Err(StoreError::NotThroughPooler) };
        }
        let mut tries = 1;
        loop {
            match connections::migrate((*self.connect).clone(), crate::migrations::postgres()).await {
                Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                    if tries < MIGRATION_TRIES && is_locked_out(&error) => {}
                migrated => return Ok(migrated?),
            }
            tries += 1;
            tokio::time::sleep(MIGRATION_PAUSE).await;
        }
    }

    pub(crate) async fn close(&self) {
        self.connections.close().await;
        if let Some(replica) = &self.replica {
            replica.postgres.connections.close().await;
        }
    }

    fn read_pool(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn write_pool(&self) -> &Connections {
        &self.connections
    }

    /// Batches and fresh postings are written, sealed and deleted: their space is used again once it is
    /// vacuumed, which Postgres does by itself once a minute, when gigabytes may have come. A database that
    /// does not let us, or is not quite Postgres, keeps its own pace.
    async fn reclaim(&self) {
        for statement in ["VACUUM leaf_batches", "VACUUM search_batches, search_shares"] {
            drop(self.connections.command(statement).await);
        }
    }

    async fn begin_write(&self) -> Result<Box<Connection>, StoreError> {
        Ok(self.connections.begin().await?)
    }
}

/// A migration that waits for a lock holds up everyone who comes after it: it gives up soon, and tries again.
const MIGRATION_TRIES: u32 = 100;
const MIGRATION_PAUSE: Duration = Duration::from_secs(1);

fn is_locked_out(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| matches!(code.as_ref(), "55P03" | "40P01"))
}

fn connect(url: &str, options: &Options) -> Result<PgConnectOptions, sqlx::Error> {
    let mut connect = PgConnectOptions::from_str(url)?.application_name("sigstead");
    if options.transaction_pooler {
        // Poolers do not know this parameter of connections; nothing here is a float.
        connect = connect.extra_float_digits(None).statement_cache_capacity(0);
    }
    let DatabaseTls { mode, ca, client } = &options.tls;
    if let Some(mode) = mode {
        connect = connect.ssl_mode(*mode);
    }
    if let Some(ca) = ca {
        connect = connect.ssl_root_cert(ca);
    }
    if let Some((certificate, key)) = client {
        connect = connect.ssl_client_cert(certificate).ssl_client_key(key);
    }
    Ok(connect)
}
