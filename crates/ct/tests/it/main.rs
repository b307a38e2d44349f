//! The log as submitters and monitors see it, in process over an SQLite file.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod hierarchy;
mod promises;
mod refusals;
mod rfc6962;
mod server;
mod static_ct;
