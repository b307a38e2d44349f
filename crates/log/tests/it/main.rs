//! The API over an SQLite file, in process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod attestations;
mod conversations;
mod description;
mod foreign;
mod recorded;
mod search;
mod server;
mod shards;
mod signatures;
mod tiles;
mod v2;
