use std::path::PathBuf;
use std::time::Duration;

pub use sqlx::postgres::PgSslMode as DatabaseTlsMode;

/// How the database is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections to Postgres, or readers of the SQLite file.
    pub connections: u32,
    /// How long a request waits for one of them; while Postgres is not there, also until it is again.
    pub acquire_timeout: Duration,
    /// Postgres is reached through a pooler that gives its connections out per transaction.
    pub transaction_pooler: bool,
    /// When Postgres gives up by itself; not through a transaction pooler, whose connections are others' too.
    pub timeouts: Timeouts,
    /// TLS to Postgres.
    pub tls: DatabaseTls,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 16,
            acquire_timeout: Duration::from_secs(30),
            transaction_pooler: false,
            timeouts: Timeouts::default(),
            tls: DatabaseTls::default(),
        }
    }
}

/// What Postgres ends by itself, so that a server that hangs holds up no other for ever.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// A statement that runs for so long.
    pub statement: Option<Duration>,
    /// A statement that waits so long for a lock, a tree's for example.
    pub lock: Option<Duration>,
    /// A connection that does nothing for so long within a transaction.
    pub idle_in_transaction: Option<Duration>,
}

impl Default for Timeouts {
    /// No statement outlives the longest request.
    fn default() -> Self {
        Self {
            statement: Some(Duration::from_secs(60)),
            lock: Some(Duration::from_secs(10)),
            idle_in_transaction: Some(Duration::from_secs(30)),
        }
    }
}

/// How the connections to Postgres are protected; what is left out is as the URL says.
#[derive(Debug, Clone, Default)]
pub struct DatabaseTls {
    /// libpq's sslmode.
    pub mode: Option<DatabaseTlsMode>,
    /// PEM certificates that the server's one is checked against, beside the public ones.
    pub ca: Option<PathBuf>,
    /// What the server is shown: PEM files of a certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}
