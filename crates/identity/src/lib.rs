//! OIDC tokens to principals, under Fulcio's configuration.
//!
//! In scope: which identity providers are trusted, finding and caching their keys, verifying tokens, and
//! what a token's claims say about the certificate.
//! Out of scope: certificates themselves (see `x509`), whether to issue one (see `ca`).

mod claims;
mod config;
mod discovery;
mod error;
mod github;
mod pattern;
mod principal;
mod provider;
mod providers;
mod token;

pub use config::{ConfigError, FulcioConfig, IssuerConfig, IssuerType};
pub use error::TokenError;
pub use principal::Principal;
pub use providers::Providers;
