//! One contract for the keys of every keystore.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

mod aws;
mod contract;
mod file;
mod pkcs11;
mod vault;
