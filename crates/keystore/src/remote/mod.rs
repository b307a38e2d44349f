//! Keys that a service holds and signs with.

mod exchange;
mod signer;
pub(crate) mod vault;

pub(crate) use signer::{RemoteSigner, Service};
