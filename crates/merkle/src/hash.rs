use sha2::{Digest as _, Sha256};

/// A SHA-256 hash: of a leaf, an inner node or a tree.
pub type Hash = [u8; 32];

/// SHA-256(0x00 ‖ record), RFC 6962 §2.1.
pub fn leaf_hash(record: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

/// SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of neighbouring subtrees, biggest first, as one tree; `None` if there are none.
pub(crate) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    let (last, rest) = subtrees.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}
