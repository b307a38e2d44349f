//! SQLite: one file, one process. Write-ahead log, every commit synced to disk, one writer at a time.

mod append;
mod search;
mod trail;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use crate::Options;
use crate::search::KnownTerms;

crate::reads::reads!(SqliteConnection);
crate::rows::rows!(Sqlite);
crate::checkpoint_rows::checkpoint_rows!(Sqlite);
crate::import_rows::import_rows!(Sqlite);
crate::schema_rows::schema_rows!(
    Sqlite,
    crate::migrations::sqlite(),
    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')"
);

/// How long a writer waits for another process that holds the file, a backup say.
const BUSY_PATIENCE: Duration = Duration::from_secs(10);

/// The writer's page cache in KiB. A batch touches more pages than SQLite's 2 MB hold, and would write some of
/// them twice.
const WRITER_CACHE_KIB: u32 = 16 * 1024;

/// Rows that a connection's thread reads ahead. Postings are read by thousands, and each time that it waits for room is
/// a turn of two threads.
const ROW_BUFFER: usize = 1024;

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
            .busy_timeout(BUSY_PATIENCE)
            .row_buffer_size(ROW_BUFFER);
        let writer = connect.clone().pragma("cache_size", format!("-{WRITER_CACHE_KIB}"));
        let writer = pool(1).connect_with(writer).await?;
        let readers = pool(options.connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(connect.read_only(true))
            .await?;
        Ok(Self { writer, readers, known_terms: KnownTerms::default() })
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        Ok(crate::migrations::sqlite().run(&self.writer).await?)
    }

    /// Writes everything that is committed into a new file, while others go on reading and writing.
    pub(crate) async fn copy_to(&self, path: &str) -> Result<(), StoreError> {
        sqlx::query("VACUUM INTO $1").bind(path).execute(&self.readers).await?;
        Ok(())
    }

    /// The last connection to go writes the log back into the file; a reader could not.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn read_pool(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn write_pool(&self) -> &SqlitePool {
        &self.writer
    }

    /// SQLite uses pages again as soon as they are free.
    async fn reclaim(&self) {}

    async fn begin_write(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// A full disk or a failed write ends SQLite's transaction by itself. The rollback that follows then fails,
/// and the driver would hold the connection to be inside a transaction for ever: such a one is closed.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).after_release(|connection, _| {
        Box::pin(async move {
            // A rollback may still be under way; this waits for it.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}
