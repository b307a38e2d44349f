//! One contract for the keys of every keystore.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

mod aws;
mod azure;
mod contract;
mod file;
mod google;
mod pkcs11;
mod recorded;
mod vault;
