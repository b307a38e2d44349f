//! Brings shards of another Rekor here, with the promises that it made: its key stays there, so its SETs and its
//! last checkpoint are kept and served. Nothing is served before the whole shard is here and its root is the
//! one that was signed.

mod bring;
mod error;
mod file;
mod offered;
#[cfg(test)]
mod public_instance;
mod received;
mod server;

pub use bring::{Progress, bring};
pub use error::ImportError;
pub use file::{ShardFile, save};
pub use offered::OfferedShard;
pub use server::RekorServer;

use received::Received;

/// Where a shard comes from.
#[derive(Debug)]
pub enum Source {
    /// A running Rekor.
    Server(RekorServer),
    /// A file that [`save`] wrote.
    File(ShardFile),
}

impl Source {
    /// The next entries of a shard from a local index on, in order; at least one.
    async fn next(&mut self, shard: &OfferedShard, from: u64) -> Result<Vec<Received>, ImportError> {
        match self {
            Self::Server(server) => server.entries(shard, from).await,
            Self::File(file) => file.entries(shard, from),
        }
    }
}
