//! RFC 6962 arithmetic: hashes, compact ranges, inclusion and consistency proofs, tiles, checkpoint text.
//!
//! In scope: pure functions and values over hashes and sizes.
//! Out of scope: signatures (see `crypto::note`), rows and files (see `store`), the order of appends (see `tlog`).

mod checkpoint;
mod consistency;
mod frontier;
mod growth;
mod hash;
mod inclusion;
mod node;
mod tile;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use consistency::{consistency_plan, verify_consistency};
pub use frontier::{Frontier, FrontierError};
pub use growth::Growth;
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use inclusion::{inclusion_plan, root_from_inclusion, verify_inclusion};
pub use node::{NodeId, Subtree};
pub use tile::{HASH_LEN, InnerNodes, TILE_BYTES, TILE_WIDTH, TileCoord, TilePath, parse_tile_url};

/// Why a proof does not hold, or cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf in a tree of that size.
    #[error("index {index} is not in a tree of size {size}")]
    IndexBeyondSize {
        /// The leaf.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The first tree is larger than the second.
    #[error("size {first} is greater than size {second}")]
    SizesSwapped {
        /// The smaller tree's size, as claimed.
        first: u64,
        /// The larger tree's size, as claimed.
        second: u64,
    },
    /// The proof has too few or too many hashes.
    #[error("the proof has {found} hashes instead of {expected}")]
    WrongLength {
        /// What the sizes call for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    WrongRoot,
}
