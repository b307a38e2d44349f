use std::collections::HashMap;

use crate::frontier::Frontier;
use crate::hash::{Hash, fold};
use crate::inclusion::inclusion_plan;
use crate::node::NodeId;

/// A batch of leaves grown on a tree: the new frontier, and the inclusion proof of each new leaf
/// without reading anything of the old tree but its frontier.
///
/// That suffices: a left sibling on a new leaf's path that lies wholly in the old tree has a parent
/// that the old tree did not complete, so it is one of the old tree's maximal perfect subtrees.
#[derive(Debug, Clone)]
pub struct Growth {
    first_new: u64,
    after: Frontier,
    nodes: HashMap<NodeId, Hash>,
}

impl Growth {
    /// Appends `leaves`, by their hashes, to the tree whose frontier is `before`.
    pub fn new(before: &Frontier, leaves: &[Hash]) -> Self {
        let mut nodes = HashMap::with_capacity(before.hashes().len() + 2 * leaves.len());
        let mut begin = 0;
        for (level, hash) in one_bits(before.size()).zip(before.hashes()) {
            nodes.insert(NodeId { level, index: begin >> level }, *hash);
            begin += 1 << level;
        }
        let mut after = before.clone();
        for leaf in leaves {
            let index = after.size();
            nodes.insert(NodeId { level: 0, index }, *leaf);
            after.push_reporting(*leaf, |level, hash| {
                nodes.insert(NodeId { level, index: index >> level }, hash);
            });
        }
        Self { first_new: before.size(), after, nodes }
    }

    /// The frontier with the new leaves.
    pub const fn after(&self) -> &Frontier {
        &self.after
    }

    /// The inclusion proof of new leaf `index` in the grown tree; `None` if that leaf is not new.
    pub fn inclusion(&self, index: u64) -> Option<Vec<Hash>> {
        if index < self.first_new {
            return None;
        }
        let plan = inclusion_plan(index, self.after.size()).ok()?;
        plan.iter()
            .map(|subtree| {
                let hashes: Option<Vec<Hash>> =
                    subtree.nodes().iter().map(|node| self.nodes.get(node).copied()).collect();
                fold(&hashes?)
            })
            .collect()
    }
}

/// The levels of the one-bits of `size`, highest first.
fn one_bits(size: u64) -> impl Iterator<Item = u8> {
    (0..64u8).rev().filter(move |bit| size >> bit & 1 == 1)
}
