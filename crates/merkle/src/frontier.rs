use thiserror::Error;

use crate::hash::{Hash, empty_root, fold, node_hash};

/// The compact range of a whole tree: the roots of its maximal perfect subtrees, biggest first.
///
/// It is all that appending needs, at most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// One hash for each one-bit of `size`, highest bit first.
    hashes: Vec<Hash>,
}

/// A stored frontier that contradicts its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a tree of size {size} has {expected} frontier hashes, not {found}")]
pub struct FrontierError {
    size: u64,
    expected: usize,
    found: usize,
}

impl Frontier {
    /// Of the empty tree.
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// From its stored parts.
    ///
    /// # Errors
    /// When the number of hashes is not the number of one-bits of `size`.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        let expected = size.count_ones() as usize;
        if hashes.len() == expected {
            Ok(Self { size, hashes })
        } else {
            Err(FrontierError { size, expected, found: hashes.len() })
        }
    }

    /// Leaves in the tree.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The subtree roots, biggest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf by its hash. A full tree (2⁶⁴−1 leaves) stays as it is.
    pub fn push(&mut self, leaf: Hash) {
        self.push_reporting(leaf, |_, _| {});
    }

    /// As [`Frontier::push`]; tells of each inner node that became perfect, with its level above the leaves.
    pub(crate) fn push_reporting(&mut self, leaf: Hash, mut perfect: impl FnMut(u8, Hash)) {
        let Some(size) = self.size.checked_add(1) else { return };
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            perfect(u8::try_from(level).unwrap_or(u8::MAX), hash);
        }
        self.hashes.push(hash);
        self.size = size;
    }

    /// The tree's root hash.
    pub fn root(&self) -> Hash {
        fold(&self.hashes).unwrap_or_else(empty_root)
    }
}
