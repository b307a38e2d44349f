//! The schema's versions, in the binary. They are listed here because `sqlx::migrate!` would have the
//! database drivers built a second time, for the compiler.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A file's name without `.sql` (its version, `_`, what it brings) and its text.
type File = (&'static str, &'static str);

/// The files that both folders of `migrations/` have, under the same names.
macro_rules! versions {
    ($($file:literal),+ $(,)?) => {
        const POSTGRES: &[File] = &[$(($file, include_str!(concat!("../../../migrations/postgres/", $file, ".sql")))),+];
        const SQLITE: &[File] = &[$(($file, include_str!(concat!("../../../migrations/sqlite/", $file, ".sql")))),+];
    };
}

versions![
    "0001_trees",
    "0002_authority",
    "0003_issuance_reason",
    "0004_search",
    "0005_bundle_parts",
    "0006_events",
    "0007_imports",
    "0008_checkpoints",
    "0009_audit",
    "0010_denials",
    "0011_leaf_lookup",
    "0012_audit_inserts",
    "0013_tree_keys",
    "0014_recent_rows",
    "0015_packed_postings",
];

/// Brings a Postgres database to this version's schema.
pub(crate) fn postgres() -> Migrator {
    migrator(POSTGRES)
}

/// Brings a SQLite file to this version's schema.
pub(crate) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

fn migrator(files: &[File]) -> Migrator {
    Migrator::with_migrations((1..).zip(files).map(|(version, file)| migration(version, *file)).collect())
}

fn migration(version: i64, (name, text): File) -> Migration {
    let description = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').replace('_', " ");
    Migration::new(version, Cow::Owned(description), MigrationType::Simple, text.into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &str) -> Vec<String> {
        let folder = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_is_listed_under_its_number() {
        for (folder, migrator) in [("postgres", postgres()), ("sqlite", sqlite())] {
            let migrations = migrator.iter();
            let named: Vec<_> = migrations
                .map(|migration| {
                    format!("{:04}_{}.sql", migration.version, migration.description.replace(' ', "_"))
                })
                .collect();
            assert_eq!(named, names_in(folder));
        }
    }
}
