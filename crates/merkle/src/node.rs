use crate::hash::{Hash, fold};

/// A perfect subtree: the leaves `[index << level, (index + 1) << level)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Height above the leaves; a leaf is at level 0.
    pub level: u8,
    /// Position among the nodes of its level.
    pub index: u64,
}

/// The leaves `[begin, end)` as one element of a proof; at the tree's right edge it may not be perfect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// First leaf; a multiple of the smallest power of two that holds the range.
    pub begin: u64,
    /// One past the last leaf.
    pub end: u64,
}

impl Subtree {
    /// The perfect subtrees that it consists of, biggest first.
    pub fn nodes(&self) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        let mut begin = self.begin;
        while begin < self.end {
            let fits = (self.end - begin).ilog2();
            let level = fits.min(begin.trailing_zeros());
            nodes.push(NodeId { level: u8::try_from(level).unwrap_or(u8::MAX), index: begin >> level });
            match begin.checked_add(1 << level) {
                Some(next) => begin = next,
                None => break,
            }
        }
        nodes
    }

    /// Its hash, from the hashes of [`Subtree::nodes`] in their order; `None` for no hashes.
    pub fn hash(&self, nodes: &[Hash]) -> Option<Hash> {
        fold(nodes)
    }
}

/// The largest power of two smaller than `size`, which must be at least 2: where RFC 6962 splits a tree.
pub(crate) const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
