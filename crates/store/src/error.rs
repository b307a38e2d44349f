use std::io::ErrorKind;

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
    /// Migrations hold a lock on their connection, which a transaction pooler gives to others.
    #[error("the schema cannot be brought up to date through a transaction pooler")]
    NotThroughPooler,
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
        let is_transient = match &error {
            sqlx::Error::Database(database) => database.code().is_some_and(|code| is_transient(&code)),
            // Cut off; what was not committed is gone. A server that cannot be reached is waited for elsewhere, and one
            // that TLS does not let us believe (invalid data) stays so.
            sqlx::Error::Io(cut) => !matches!(
                cut.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidData
            ),
            _ => false,
        };
        if is_transient { Self::Busy } else { Self::Unavailable(error) }
    }
}

/// Nothing happened, and the same again may go well.
fn is_transient(code: &str) -> bool {
    match code {
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" |
        // The server ends the connection, starts, or has no free one; a standby that was the primary a moment ago.
        "57P01" | "57P02" | "57P03" | "25P03" | "53300" | "25006" |
        // SQLite: busy, locked, busy with an older snapshot.
        "5" | "6" | "517" => true,
        other => other.len() == 5 && other.starts_with("08"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_may_be_tried_again() {
        let io = |kind: ErrorKind| StoreError::from(sqlx::Error::Io(kind.into()));
        assert!(matches!(io(ErrorKind::ConnectionReset), StoreError::Busy));
        assert!(matches!(io(ErrorKind::UnexpectedEof), StoreError::Busy));
        assert!(matches!(io(ErrorKind::NotFound), StoreError::Unavailable(_)));
        assert!(matches!(io(ErrorKind::InvalidData), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(is_transient("08006") && is_transient("40001") && is_transient("57P01"));
        assert!(!is_transient("57014") && !is_transient("23505") && !is_transient("08"));
    }
}
