//! Entries of the public instance, as it would hand them to an import, with what it promised and proved.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sigstead_crypto::PublicKey;
use sigstead_crypto::note::{Note, rekor_v2_log_id};
use sigstead_merkle::{Checkpoint, Hash, leaf_hash, verify_inclusion};
use sigstead_store::SearchKey;

use super::OfferedShard;
use super::received::{Answer, Received};

const ENTRIES: &str = include_str!("../../../entry/testdata/public-instance.jsonl");

/// Of rekor.sigstore.dev.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwr
kBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==
-----END PUBLIC KEY-----
";
/// Of log2025-1.rekor.sigstore.dev.
const KEY_V2: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=
-----END PUBLIC KEY-----
";

/// An entry as Rekor's API answers, and its body.
struct Entry {
    answer: Value,
    body: Vec<u8>,
}

impl Entry {
    fn all() -> impl Iterator<Item = Self> {
        ENTRIES.lines().map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            let body = BASE64_STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
            Self { answer, body }
        })
    }

    fn name(&self) -> String {
        format!("{} of {}", self.answer["logIndex"], self.answer["logID"])
    }

    fn proof(&self) -> Option<(&Value, Note, Checkpoint)> {
        let proof = self.answer.pointer("/verification/inclusionProof")?;
        let note = Note::parse(proof["checkpoint"].as_str().unwrap()).unwrap();
        let checkpoint = Checkpoint::parse(&note.text).unwrap();
        Some((proof, note, checkpoint))
    }

    /// Whether an import would take it, and what it is found by then.
    fn keys(&self) -> Option<Vec<SearchKey>> {
        let shard = self.shard();
        let id = format!("{:016x}{}", shard.tree_id, hex::encode(leaf_hash(&self.body)));
        let answer: Answer = serde_json::from_value(json!({ id: self.answer })).unwrap();
        let received = Received::of(answer).next().unwrap();
        let index = received.entry.log_index - shard.first_index;
        received.check(&shard, index).ok().map(|proposal| proposal.search_keys)
    }

    /// That of its proof. Of entries before there were proofs in bundles it does not matter which.
    fn shard(&self) -> OfferedShard {
        let (tree_id, first_index) = self.proof().map_or((1, 0), |(proof, _, checkpoint)| {
            let (_, tree_id) = checkpoint.origin.rsplit_once(" - ").unwrap();
            let global = self.answer["logIndex"].as_u64().unwrap();
            (tree_id.parse().unwrap(), global - proof["logIndex"].as_u64().unwrap())
        });
        let checkpoint = Checkpoint { origin: String::new(), size: 0, root: [0; 32] };
        OfferedShard {
            tree_id,
            public_key: key(KEY),
            note: String::new(),
            checkpoint,
            first_index,
            is_frozen: true,
        }
    }
}

fn key(pem: &str) -> PublicKey {
    PublicKey::from_pem(pem.as_bytes()).unwrap()
}

fn is_v2(entry: &Entry) -> bool {
    let id = rekor_v2_log_id("log2025-1.rekor.sigstore.dev", &key(KEY_V2));
    entry.answer["logID"] == hex::encode(id)
}

#[test]
fn promises_hold_and_entries_are_found() {
    let mut by_digest = 0;
    for mut entry in Entry::all().filter(|entry| !is_v2(entry)) {
        let keys = entry.keys().unwrap_or_else(|| panic!("{}", entry.name()));
        // Kinds of which the log keeps what it has checked.
        let content: Value = serde_json::from_slice(&entry.body).unwrap();
        let digest = ["/spec/data/hash", "/spec/archive/hash"];
        if let Some(digest) = digest.iter().find_map(|place| content.pointer(place)) {
            let [algorithm, value] = ["algorithm", "value"].map(|part| digest[part].as_str().unwrap());
            assert!(keys.contains(&SearchKey::of(&format!("{algorithm}:{value}"))), "{}", entry.name());
            by_digest += 1;
        }
        entry.answer["integratedTime"] = json!(1);
        assert!(entry.keys().is_none(), "{}: its SET is for another time", entry.name());
    }
    assert_eq!(by_digest, 8);
}

#[test]
fn proofs_hold_under_checkpoints_of_both_versions() {
    let mut proofs = 0;
    for entry in Entry::all() {
        let Some((proof, note, checkpoint)) = entry.proof() else { continue };
        if is_v2(&entry) {
            note.verify_ed25519(&checkpoint.origin, &key(KEY_V2)).unwrap();
        } else {
            note.verify_rekor_v1(&key(KEY)).unwrap();
        }
        let hashes: Vec<String> = serde_json::from_value(proof["hashes"].clone()).unwrap();
        let hashes: Vec<Hash> =
            hashes.iter().map(|hash| hex::decode(hash).unwrap().try_into().unwrap()).collect();
        let (leaf, index) = (leaf_hash(&entry.body), proof["logIndex"].as_u64().unwrap());
        verify_inclusion(index, checkpoint.size, &leaf, &hashes, &checkpoint.root).unwrap();
        assert!(verify_inclusion(index ^ 1, checkpoint.size, &leaf, &hashes, &checkpoint.root).is_err());
        proofs += 1;
    }
    assert_eq!(proofs, 11);
}
