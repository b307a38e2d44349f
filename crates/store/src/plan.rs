//! What an append transaction will write, worked out from what it read: pure.

use std::collections::HashMap;

use sigstead_merkle::{Frontier, HASH_LEN, Hash, TILE_WIDTH};

use crate::batch::{Assigned, Attestation, Batch, Committed, Leaf, LeafSource, Outcome, Proposal};
use crate::codec::encode_sizes;
use crate::search::{Posting, pack_batch};
use crate::{Head, SearchTerm};

/// Rows to write, and what to answer.
pub(crate) struct Plan {
    pub(crate) committed: Committed,
    /// Set unless every proposal was a duplicate.
    pub(crate) batch_row: Option<BatchRow>,
    /// Leaf hashes and their indexes.
    pub(crate) lookups: Vec<(Hash, u64)>,
    /// Identities that are not leaf hashes, and their indexes.
    pub(crate) identities: Vec<(Hash, u64)>,
    pub(crate) terms: Vec<SearchTerm>,
    pub(crate) attestations: Vec<Attestation>,
}

/// A row of `leaf_batches`, and of `search_batches`.
pub(crate) struct BatchRow {
    pub(crate) first_index: u64,
    pub(crate) count: usize,
    pub(crate) timestamp_ms: u64,
    pub(crate) leaf_hashes: Vec<u8>,
    pub(crate) sizes: Vec<u8>,
    pub(crate) records: Vec<u8>,
    /// Packed; empty where nothing is searched for.
    pub(crate) postings: Vec<u8>,
}

/// A tile that became full.
pub(crate) struct FullTile {
    pub(crate) level: i32,
    pub(crate) n: u64,
    pub(crate) root: Hash,
    pub(crate) data: Vec<u8>,
}

/// An entry that was there before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Existing {
    pub(crate) assigned: Assigned,
    pub(crate) leaf_hash: Hash,
}

impl Proposal {
    /// What duplicates share.
    pub(crate) fn identity(&self) -> Hash {
        match &self.leaf {
            LeafSource::Fixed(leaf) => leaf.hash,
            LeafSource::Sequenced { identity, .. } => *identity,
        }
    }
}

/// Assigns indexes to the proposals that are not in `existing`, in order.
pub(crate) fn plan(before: Head, batch: &Batch, mut existing: HashMap<Hash, Existing>) -> Plan {
    let timestamp_ms = batch.timestamp_ms.max(before.last_timestamp_ms);
    let first_index = before.size();
    let mut frontier = before.frontier.clone();
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut outcomes = Vec::with_capacity(batch.proposals.len());
    let (mut lookups, mut identities) = (vec![], vec![]);
    let mut postings: Vec<Posting> = Vec::new();
    let (mut terms, mut attestations) = (vec![], vec![]);
    for proposal in &batch.proposals {
        let identity = proposal.identity();
        if let Some(found) = existing.get(&identity) {
            let is_new =
                batch.since.is_some_and(|since| (since..first_index).contains(&found.assigned.index));
            outcomes.push(Outcome { assigned: found.assigned, leaf_hash: found.leaf_hash, is_new });
            continue;
        }
        let assigned = Assigned { index: frontier.size(), timestamp_ms };
        let leaf = match &proposal.leaf {
            LeafSource::Fixed(leaf) => leaf.clone(),
            LeafSource::Sequenced { make, .. } => {
                identities.push((identity, assigned.index));
                make(assigned)
            }
        };
        frontier.push(leaf.hash);
        lookups.push((leaf.hash, assigned.index));
        postings.extend(proposal.search_keys.iter().map(|key| (*key, assigned.index)));
        terms.extend(proposal.search_terms.iter().cloned());
        attestations.extend(proposal.attestation.clone());
        existing.insert(identity, Existing { assigned, leaf_hash: leaf.hash });
        outcomes.push(Outcome { assigned, leaf_hash: leaf.hash, is_new: true });
        leaves.push(leaf);
    }
    let last_timestamp_ms = if leaves.is_empty() { before.last_timestamp_ms } else { timestamp_ms };
    let appended: Vec<Hash> = leaves.iter().map(|leaf| leaf.hash).collect();
    Plan {
        batch_row: (!leaves.is_empty()).then(|| BatchRow {
            first_index,
            count: leaves.len(),
            timestamp_ms,
            leaf_hashes: appended.concat(),
            sizes: encode_sizes(leaves.iter().map(|leaf| leaf.record.len())),
            records: leaves.iter().map(|leaf| leaf.record.as_ref()).collect::<Vec<_>>().concat(),
            postings: pack_batch(postings, first_index),
        }),
        committed: Committed {
            before: before.frontier,
            appended,
            head: Head { frontier, last_timestamp_ms },
            outcomes,
        },
        lookups,
        identities,
        terms,
        attestations,
    }
}

impl Plan {
    /// Whether the batch completes a tile of leaf hashes, so that the edge before it has to be read.
    pub(crate) fn fills_a_tile(&self) -> bool {
        self.committed.before.size() / TILE_WIDTH != self.committed.head.size() / TILE_WIDTH
    }

    /// The tiles of leaf hashes that became full; `edge` are the leaf hashes past the last full one before.
    pub(crate) fn leaf_tiles(&self, edge: &[Hash]) -> Vec<FullTile> {
        let first = self.committed.before.size() / TILE_WIDTH;
        let hashes: Vec<Hash> = edge.iter().chain(&self.committed.appended).copied().collect();
        (first..).zip(hashes.chunks_exact(256)).map(|(n, hashes)| full_tile(0, n, hashes)).collect()
    }
}

/// The tile above 256 full ones, from their roots.
pub(crate) fn full_tile(level: i32, n: u64, hashes: &[Hash]) -> FullTile {
    let mut frontier = Frontier::new();
    hashes.iter().for_each(|hash| frontier.push(*hash));
    FullTile { level, n, root: frontier.root(), data: hashes.concat() }
}

/// Where in a tile a leaf's hash starts, counted from 1 as SQL does.
pub(crate) fn offset_in_tile(index: u64) -> i32 {
    let within = (index % TILE_WIDTH) as usize * HASH_LEN;
    i32::try_from(within + 1).unwrap_or(i32::MAX)
}
