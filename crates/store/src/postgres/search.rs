//! What searches read, and how postings are packed.

use super::Postgres;

crate::search_rows::search_rows!(Postgres, sqlx::Postgres);
