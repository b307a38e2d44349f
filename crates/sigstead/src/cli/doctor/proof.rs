use anyhow::{Context as _, bail};
use serde_json::Value;
use sigstead_crypto::note::Note;
use sigstead_merkle::{Checkpoint, Hash, leaf_hash, verify_inclusion};

/// That an entry is in the tree that a checkpoint commits to.
pub(super) struct Proof {
    pub(super) index: u64,
    pub(super) hashes: Vec<Hash>,
    pub(super) checkpoint: String,
}

impl Proof {
    /// Checks the proof; the checkpoint's note, whose signature nobody has checked yet.
    pub(super) fn check(&self, body: &[u8]) -> anyhow::Result<Note> {
        let note = Note::parse(&self.checkpoint)?;
        let checkpoint = Checkpoint::parse(&note.text)?;
        verify_inclusion(self.index, checkpoint.size, &leaf_hash(body), &self.hashes, &checkpoint.root)
            .context("the inclusion proof")?;
        Ok(note)
    }
}

/// The hashes of a log's inclusion proof, from their texts.
pub(super) fn hashes(proof: &Value, decode: impl Fn(&str) -> Option<Vec<u8>>) -> anyhow::Result<Vec<Hash>> {
    let mut hashes = Vec::new();
    for text in proof.get("hashes").and_then(Value::as_array).into_iter().flatten() {
        match text.as_str().and_then(&decode).and_then(|bytes| Hash::try_from(bytes).ok()) {
            Some(hash) => hashes.push(hash),
            None => bail!("a hash of the inclusion proof is none"),
        }
    }
    Ok(hashes)
}
