//! Keys that a service holds and signs with.

pub(crate) mod aws;
mod cached;
mod exchange;
mod signer;
pub(crate) mod vault;

pub(crate) use signer::{RemoteSigner, Service};
