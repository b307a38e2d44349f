//! What searches read, and how postings are packed.

use super::Sqlite;

crate::search_rows::search_rows!(Sqlite, sqlx::Sqlite);
