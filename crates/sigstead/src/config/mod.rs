//! Configuration: `sigstead.toml`, read once at start into checked values.

mod checked;
mod raw;
mod write;

pub(crate) use checked::{
    CaConfig, Config, CtConfig, LogConfig, LogV2Config, TrustConfig, TrustedLog, TsaConfig,
};
pub(crate) use write::{GeneratedConfig, ServiceAddresses, write_generated};
