use thiserror::Error;

/// Why the database did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Someone else holds the row or the file; asking again may succeed. Nothing happened.
    #[error("the database is busy")]
    Busy,
    /// The tree takes no entries any more. Nothing happened.
    #[error("the tree is frozen")]
    Frozen,
    /// There is no such tree. Nothing happened.
    #[error("there is no such tree in this database")]
    UnknownTree,
    /// The connection was lost while committing: all of it happened, or nothing. Ask before going on.
    #[error("the connection was lost while committing; the outcome is not known")]
    UnknownOutcome,
    /// What is stored contradicts itself.
    #[error("the stored data is corrupt: {0}")]
    Corrupt(String),
    /// The database cannot be reached, or refused.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migrating the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // Serialization failure, deadlock, lock not available (Postgres); busy, locked (SQLite).
        const TRANSIENT: [&str; 6] = ["40001", "40P01", "55P03", "5", "6", "517"];
        match error.as_database_error().and_then(|database| database.code()) {
            Some(code) if TRANSIENT.contains(&code.as_ref()) => Self::Busy,
            _ => Self::Unavailable(error),
        }
    }
}
