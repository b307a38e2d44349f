//! Configuration: `sigstead.toml`, read once at start into checked values; a file for each section.

mod authorities;
mod ca;
mod ca_ct;
mod checked;
mod ct;
mod limits;
mod log;
mod log_v2;
pub(crate) mod ports;
mod postgres;
mod raw;
mod tls;
mod trees;
mod trust;
mod trust_tuf;
mod tsa;
mod witness;
mod write;

pub(crate) use authorities::{AuthoritiesFile, AuthoritiesSource, AuthorityEntry, absolute_key};
pub(crate) use ca::CaConfig;
pub(crate) use ca_ct::CaCtConfig;
pub(crate) use checked::{Config, environment_variable};
pub(crate) use ct::CtConfig;
pub(crate) use log::{EventsConfig, LogConfig};
pub(crate) use log_v2::{LogV2Config, WitnessesConfig};
pub(crate) use tls::{CallConfig, TlsConfig};
pub(crate) use trust::{TrustConfig, TrustedLog};
pub(crate) use trust_tuf::{TufConfig, TufKeys};
pub(crate) use tsa::TsaConfig;
pub(crate) use witness::WitnessConfig;
pub(crate) use write::{GeneratedConfig, PerService, write_generated};
