//! SQLite: one file, one process. Write-ahead log, every commit synced to disk, one writer at a time.

mod append;
mod search;
mod trail;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::Options;
use crate::search::KnownTerms;

crate::reads::reads!(SqliteConnection);
crate::rows::rows!(Sqlite);

/// How long a writer waits for another process that holds the file, a backup say.
const BUSY_PATIENCE: Duration = Duration::from_secs(10);

/// A SQLite file. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Sqlite {
    /// One connection: writers queue here, not inside SQLite.
    writer: SqlitePool,
    readers: SqlitePool,
    known_terms: KnownTerms,
}

impl Sqlite {
    pub(crate) async fn open(path: &str, options: &Options) -> Result<Self, StoreError> {
        // Made here, so that nobody else can read it from its first moment on.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| StoreError::Unavailable(sqlx::Error::Io(error)))?;
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_PATIENCE);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(connect.clone()).await?;
        let readers = SqlitePoolOptions::new().max_connections(options.connections);
        let readers = readers.connect_with(connect.read_only(true)).await?;
        Ok(Self { writer, readers, known_terms: KnownTerms::default() })
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(crate::migrations::sqlite().run(&self.writer).await?)
    }

    fn read_pool(&self) -> &SqlitePool {
        &self.readers
    }

    fn write_pool(&self) -> &SqlitePool {
        &self.writer
    }

    /// SQLite uses pages again as soon as they are free.
    async fn reclaim(&self) {}

    async fn begin_write(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}
