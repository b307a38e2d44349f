//! The Merkle core against an independent tree, known answers, and a plain recursion.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use rs_merkle::{Hasher, MerkleTree};
use sigstead_merkle::{
    Frontier, Growth, Hash, InnerNodes, NodeId, TILE_WIDTH, consistency_plan, empty_root, inclusion_plan,
    leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

/// RFC 6962's hashing for `rs_merkle`, the oracle.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = Hash;

    fn hash(data: &[u8]) -> Hash {
        leaf_hash(data)
    }

    fn concat_and_hash(left: &Hash, right: Option<&Hash>) -> Hash {
        right.map_or(*left, |right| node_hash(left, right))
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// RFC 6962 §2.1, word for word.
fn recursive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        many => {
            let split = 1 << (many.len() - 1).ilog2();
            node_hash(&recursive_root(&many[..split]), &recursive_root(&many[split..]))
        }
    }
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

fn proof(plan: &[sigstead_merkle::Subtree], leaves: &[Hash]) -> Vec<Hash> {
    let hash_of = |node: &NodeId| {
        let begin = usize::try_from(node.index << node.level).unwrap();
        recursive_root(&leaves[begin..begin + (1 << node.level)])
    };
    plan.iter()
        .map(|subtree| subtree.hash(&subtree.nodes().iter().map(hash_of).collect::<Vec<_>>()).unwrap())
        .collect()
}

#[test]
fn known_roots() {
    // The eight records that certificate-transparency implementations test with, and the roots of their prefixes.
    let records: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Frontier::new();
    assert_eq!(hex::encode(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (record, root) in records.iter().zip(roots) {
        tree.push(leaf_hash(record));
        assert_eq!(hex::encode(tree.root()), root);
    }
}

#[test]
fn roots_and_inclusion_proofs_equal_the_oracle_at_every_size() {
    for size in 1..=130 {
        let leaves = leaves(size);
        let oracle = MerkleTree::<Rfc6962>::from_leaves(&leaves);
        let root = frontier(&leaves).root();
        assert_eq!(Some(root), oracle.root());
        for index in 0..size {
            let proof = proof(&inclusion_plan(index, size).unwrap(), &leaves);
            let position = usize::try_from(index).unwrap();
            assert_eq!(proof, oracle.proof(&[position]).proof_hashes(), "{index} of {size}");
            verify_inclusion(index, size, &leaves[position], &proof, &root).unwrap();
        }
    }
}

#[test]
fn consistency_proofs_hold_at_every_pair_of_sizes() {
    let leaves = leaves(70);
    for second in 0..=70usize {
        for first in 0..=second {
            let (old, new) = (recursive_root(&leaves[..first]), recursive_root(&leaves[..second]));
            let (first, second) = (first as u64, second as u64);
            let proof = proof(&consistency_plan(first, second).unwrap(), &leaves);
            verify_consistency(first, second, &proof, &old, &new).unwrap();
            if first > 0 && first < second {
                verify_consistency(first, second, &proof, &new, &new).unwrap_err();
                verify_consistency(first, second, &proof, &old, &old).unwrap_err();
            }
        }
    }
}

#[test]
fn every_node_is_found_in_its_tile() {
    let leaves = leaves(TILE_WIDTH * 2);
    for level in 0..8u8 {
        for index in 0..(leaves.len() as u64 >> level) {
            let node = NodeId { level, index };
            let coord = node.tile();
            assert_eq!(coord.level, 0);
            let begin = usize::try_from(coord.n * TILE_WIDTH).unwrap();
            let tile = leaves[begin..begin + 256].concat();
            let first = usize::try_from(index << level).unwrap();
            assert_eq!(
                node.hash_in_tile(&tile, &InnerNodes::of(&tile)),
                Some(recursive_root(&leaves[first..first + (1 << level)]))
            );
        }
    }
    assert_eq!(NodeId { level: 8, index: 3 }.tile(), sigstead_merkle::TileCoord { level: 1, n: 0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn growth_proves_each_new_leaf(before in 0u64..600, added in 1u64..300) {
        let all = leaves(before + added);
        let split = usize::try_from(before).unwrap();
        let growth = Growth::new(&frontier(&all[..split]), &all[split..]);
        prop_assert_eq!(growth.after(), &frontier(&all));
        for index in before..before + added {
            let proof = growth.inclusion(index).unwrap();
            let leaf = &all[usize::try_from(index).unwrap()];
            prop_assert!(verify_inclusion(index, before + added, leaf, &proof, &growth.after().root()).is_ok());
        }
        prop_assert!(before == 0 || growth.inclusion(before - 1).is_none());
        prop_assert!(growth.inclusion(before + added).is_none());
    }

    #[test]
    fn nothing_panics(a in any::<u64>(), b in any::<u64>(), hashes in proptest::collection::vec(any::<Hash>(), 0..70)) {
        let hash = leaf_hash(b"x");
        let _ = verify_inclusion(a, b, &hash, &hashes, &hash);
        let _ = verify_consistency(a, b, &hashes, &hash, &hash);
        let _ = Frontier::from_parts(a, hashes);
        prop_assert!(inclusion_plan(a, b).is_ok() == (a < b));
    }
}
