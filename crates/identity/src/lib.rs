//! OIDC tokens to principals, under Fulcio's configuration.
//!
//! In scope: which identity providers are trusted, finding and caching their keys, verifying tokens, and
//! what a token's claims say about the certificate.
//! Out of scope: certificates themselves (see `x509`), whether to issue one (see `ca`).

mod ci_provider;
mod claims;
mod config;
mod discovery;
mod error;
mod github;
#[cfg(test)]
mod golden;
mod issuer_keys;
mod pattern;
mod pipelines;
mod principal;
mod provider;
mod providers;
mod reach;
mod service_account;
mod template;
mod token;
mod uri_name;

pub use config::{ConfigError, FulcioConfig, IssuerConfig, IssuerType};
pub use error::TokenError;
pub use principal::Principal;
pub use providers::Providers;
