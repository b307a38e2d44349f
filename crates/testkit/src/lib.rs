//! Fixtures for tests: a Postgres server, HTTP servers on loopback or in process, an OIDC issuer, `openssl`.
//!
//! A fixture that cannot be made panics, so that its test fails instead of passing without it.

mod answer;
mod issuer;
mod loopback;
mod openssl;
mod postgres;

pub use answer::Answer;
pub use issuer::{Issuer, Scripted};
pub use loopback::Loopback;
pub use openssl::OpenSsl;
pub use postgres::Postgres;
