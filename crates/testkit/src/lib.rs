//! Fixtures for tests: a Postgres server.
//!
//! A fixture that cannot be made panics, so that its test fails instead of passing without it.

mod postgres;

pub use postgres::Postgres;
