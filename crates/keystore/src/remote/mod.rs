//! Keys that a service holds and signs with.

pub(crate) mod aws;
pub(crate) mod azure;
mod bearer;
mod cached;
mod exchange;
pub(crate) mod google;
mod signer;
pub(crate) mod vault;

pub(crate) use signer::{RemoteSigner, Service};
