use crate::ProofError;
use crate::hash::{Hash, node_hash};
use crate::node::{Subtree, split};

/// The subtrees whose hashes prove that the tree of `first` leaves is a prefix of the one of `second` (RFC 6962 §2.1.2).
///
/// Empty when `first` is 0 or equals `second`.
///
/// # Errors
/// When `first` is greater than `second`.
pub fn consistency_plan(first: u64, second: u64) -> Result<Vec<Subtree>, ProofError> {
    if first > second {
        return Err(ProofError::SizesSwapped { first, second });
    }
    if first == 0 || first == second {
        return Ok(Vec::new());
    }
    let (mut begin, mut end) = (0, second);
    let mut plan = Vec::new();
    // Walks towards the first tree's right edge until a subtree ends exactly there.
    while first != end {
        let middle = begin + split(end - begin);
        if first <= middle {
            plan.push(Subtree { begin: middle, end });
            end = middle;
        } else {
            plan.push(Subtree { begin, end: middle });
            begin = middle;
        }
    }
    // When that subtree is the whole first tree, the verifier knows its hash already.
    if begin != 0 {
        plan.push(Subtree { begin, end });
    }
    plan.reverse();
    Ok(plan)
}

/// Checks that the tree with `second_root` continues the one with `first_root` (RFC 9162 §2.1.4.2).
///
/// # Errors
/// When it does not, or the proof is malformed.
pub fn verify_consistency(
    first: u64,
    second: u64,
    proof: &[Hash],
    first_root: &Hash,
    second_root: &Hash,
) -> Result<(), ProofError> {
    let plan = consistency_plan(first, second)?;
    if plan.len() != proof.len() {
        return Err(ProofError::WrongLength { expected: plan.len(), found: proof.len() });
    }
    if first == 0 {
        return Ok(());
    }
    let (old, new) = match plan.split_first().zip(proof.split_first()) {
        None => (*first_root, *first_root),
        Some(((start, plan), (start_hash, proof))) => {
            // The plan starts at the edge subtree, unless that is the whole first tree.
            let starts_at_edge = start.end == first;
            let known = if starts_at_edge { *start_hash } else { *first_root };
            let rest: Vec<_> = if starts_at_edge {
                plan.iter().zip(proof).collect()
            } else {
                std::iter::once((start, start_hash)).chain(plan.iter().zip(proof)).collect()
            };
            rest.into_iter().fold((known, known), |(old, new), (subtree, hash)| {
                if subtree.begin >= first {
                    (old, node_hash(&new, hash))
                } else {
                    (node_hash(hash, &old), node_hash(hash, &new))
                }
            })
        }
    };
    if old == *first_root && new == *second_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}
