use crate::ProofError;
use crate::hash::{Hash, node_hash};
use crate::node::{Subtree, split};

/// The subtrees whose hashes prove that leaf `index` is in the tree of `size` leaves; from the leaf up (RFC 6962 §2.1.1).
///
/// # Errors
/// When there is no such leaf.
pub fn inclusion_plan(index: u64, size: u64) -> Result<Vec<Subtree>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let (mut begin, mut end) = (0, size);
    let mut plan = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            plan.push(Subtree { begin: middle, end });
            end = middle;
        } else {
            plan.push(Subtree { begin, end: middle });
            begin = middle;
        }
    }
    plan.reverse();
    Ok(plan)
}

/// The root that `proof` leads to from `leaf`.
///
/// # Errors
/// When there is no such leaf, or the proof's length is wrong.
pub fn root_from_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash]) -> Result<Hash, ProofError> {
    let plan = inclusion_plan(index, size)?;
    if plan.len() != proof.len() {
        return Err(ProofError::WrongLength { expected: plan.len(), found: proof.len() });
    }
    let hashed = plan.iter().zip(proof).fold(*leaf, |hash, (sibling, given)| {
        if sibling.begin > index { node_hash(&hash, given) } else { node_hash(given, &hash) }
    });
    Ok(hashed)
}

/// Checks that `leaf` is at `index` in the tree with that `root` (RFC 9162 §2.1.3.2).
///
/// # Errors
/// When it is not, or the proof is malformed.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if root_from_inclusion(index, size, leaf, proof)? == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}
