use std::collections::BTreeSet;

use sqlx::migrate::{MigrateError, Migration, Migrator};

use crate::StoreError;

/// Where a database's schema is, compared with this program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The newest version that the database has; 0 if it has none.
    pub version: i64,
    /// What this program wants beyond that, oldest first.
    pub pending: Vec<PendingMigration>,
    /// Versions that only a newer program knows.
    pub unknown: Vec<i64>,
}

/// A step that was not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// The version that it leads to.
    pub version: i64,
    /// What it brings.
    pub description: String,
    /// Its statements.
    pub sql: String,
}

impl Schema {
    /// From the version, checksum and success of each migration that was applied.
    pub(crate) fn compare(migrator: &Migrator, applied: &[(i64, Vec<u8>, bool)]) -> Result<Self, StoreError> {
        for (version, checksum, is_complete) in applied {
            let known = migrator.iter().find(|migration| migration.version == *version);
            if !is_complete {
                return Err(MigrateError::Dirty(*version).into());
            }
            if known.is_some_and(|known| *known.checksum != **checksum) {
                return Err(MigrateError::VersionMismatch(*version).into());
            }
        }
        let applied: BTreeSet<i64> = applied.iter().map(|(version, ..)| *version).collect();
        let missing = migrator.iter().filter(|migration| !applied.contains(&migration.version));
        Ok(Self {
            version: applied.last().copied().unwrap_or_default(),
            pending: missing.map(PendingMigration::from).collect(),
            unknown: applied.into_iter().filter(|version| !migrator.version_exists(*version)).collect(),
        })
    }
}

impl From<&Migration> for PendingMigration {
    fn from(migration: &Migration) -> Self {
        Self {
            version: migration.version,
            description: migration.description.to_string(),
            sql: migration.sql.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::sqlite;

    fn applied(count: usize) -> Vec<(i64, Vec<u8>, bool)> {
        sqlite().iter().take(count).map(|known| (known.version, known.checksum.to_vec(), true)).collect()
    }

    #[test]
    fn what_is_missing_and_what_is_newer_is_told() {
        let all = sqlite().iter().count();
        let empty = Schema::compare(&sqlite(), &[]).unwrap();
        assert_eq!((empty.version, empty.pending.len()), (0, all));
        let older = Schema::compare(&sqlite(), &applied(3)).unwrap();
        assert_eq!((older.version, older.pending[0].version, older.pending.len()), (3, 4, all - 3));
        let mut newer = applied(all);
        newer.push((9999, vec![1], true));
        let newer = Schema::compare(&sqlite(), &newer).unwrap();
        assert_eq!((newer.pending.len(), newer.unknown), (0, vec![9999]));
    }

    #[test]
    fn a_version_that_differs_or_is_half_done_is_an_error() {
        let mut changed = applied(2);
        changed[1].1[0] ^= 1;
        assert!(matches!(
            Schema::compare(&sqlite(), &changed),
            Err(StoreError::Migrate(MigrateError::VersionMismatch(2)))
        ));
        let mut half = applied(2);
        half[1].2 = false;
        assert!(matches!(
            Schema::compare(&sqlite(), &half),
            Err(StoreError::Migrate(MigrateError::Dirty(2)))
        ));
    }
}
