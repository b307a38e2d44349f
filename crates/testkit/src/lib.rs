//! Fixtures for tests: a Postgres server, HTTP servers on loopback, an OIDC issuer.
//!
//! A fixture that cannot be made panics, so that its test fails instead of passing without it.

mod issuer;
mod loopback;
mod postgres;

pub use issuer::{Answer, Issuer};
pub use loopback::Loopback;
pub use postgres::Postgres;
