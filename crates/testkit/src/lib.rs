//! Fixtures for tests: Postgres (with a standby, behind PgBouncer), Vault and AWS servers, HTTP servers on loopback or in process, gates that shut, an OIDC issuer, a token with keys, `openssl`.
//!
//! A fixture that cannot be made panics, so that its test fails instead of passing without it.

mod answer;
mod gate;
mod installed;
mod issuer;
mod key_token;
mod loopback;
mod moto;
mod openssl;
mod pgbouncer;
mod postgres;
mod recorded;
mod vault;

pub use answer::Answer;
pub use gate::Gate;
pub use installed::installed;
pub use issuer::{Issuer, Scripted};
pub use key_token::KeyToken;
pub use loopback::Loopback;
pub use moto::Moto;
pub use openssl::OpenSsl;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use recorded::Recorded;
pub use vault::Vault;
