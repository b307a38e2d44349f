//! The RFC 3161 timestamp authority over HTTP.
//!
//! In scope: requests in DER and JSON, tokens, the certificate chain, whether the clock may be believed; and asking an authority as
//! a client does.
//! Out of scope: keys (see `crypto`), what certificates must look like (see `x509`).

mod authority;
mod clock_watch;
mod decimal;
mod error;
mod http;
mod json;
mod ntp;
mod query;
mod refusal;
mod request;
mod signing;
mod structures;
mod terms;
mod time_sources;
mod token;

pub use authority::{StartError, TimestampAuthority, TsaConfig};
pub use http::router;
pub use query::{Query, QueryError};
pub use signing::SigningKey;
pub use terms::{Refusals, Terms};
pub use time_sources::{OnDrift, TimeSources};
