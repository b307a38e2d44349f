use serde::{Deserialize, Serialize};
use sigstead_crypto::PublicKey;
use sigstead_crypto::note::Note;
use sigstead_merkle::Checkpoint;

use super::ImportError;

/// A shard as its log describes it; its checkpoint is signed by its key.
#[derive(Debug, Clone)]
pub struct OfferedShard {
    /// Its tree id.
    pub tree_id: i64,
    /// The key that signs for it.
    pub public_key: PublicKey,
    /// Its checkpoint, a signed note.
    pub note: String,
    /// What the note says.
    pub checkpoint: Checkpoint,
    /// The global index of its first entry.
    pub first_index: u64,
    /// Whether it takes entries no more.
    pub is_frozen: bool,
}

/// The same as it stands in files, in the words of Rekor's API.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Described {
    #[serde(rename = "treeID")]
    pub(super) tree_id: String,
    pub(super) signed_tree_head: String,
    pub(super) public_key: String,
    pub(super) first_log_index: u64,
}

impl OfferedShard {
    pub(super) fn new(described: &Described, is_frozen: bool) -> Result<Self, ImportError> {
        let no_id = |_| ImportError::source(format!("\"{}\" is not a tree id", described.tree_id));
        let tree_id: i64 = described.tree_id.parse().map_err(no_id)?;
        let public_key = PublicKey::from_pem(described.public_key.as_bytes())
            .map_err(|error| ImportError::shard(tree_id, format!("its public key: {error}")))?;
        let note = &described.signed_tree_head;
        let parsed = Note::parse(note).map_err(|error| ImportError::shard(tree_id, error))?;
        parsed
            .verify_rekor_v1(&public_key)
            .map_err(|error| ImportError::shard(tree_id, format!("its checkpoint, by its key: {error}")))?;
        let checkpoint = Checkpoint::parse(&parsed.text)?;
        if checkpoint.origin.rsplit_once(" - ").is_none_or(|(_, of)| of != described.tree_id) {
            return Err(ImportError::shard(
                tree_id,
                format!("its checkpoint is of \"{}\"", checkpoint.origin),
            ));
        }
        Ok(Self {
            tree_id,
            public_key,
            note: note.clone(),
            checkpoint,
            first_index: described.first_log_index,
            is_frozen,
        })
    }

    pub(super) fn described(&self) -> Described {
        Described {
            tree_id: self.tree_id.to_string(),
            signed_tree_head: self.note.clone(),
            public_key: self.public_key.to_pem(),
            first_log_index: self.first_index,
        }
    }

    /// Whether `key` is the one that signed the checkpoint.
    ///
    /// # Errors
    /// When it is not.
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<(), ImportError> {
        if *key == self.public_key {
            return Ok(());
        }
        Err(ImportError::shard(self.tree_id, "the source signs with another key than the one that was given"))
    }
}
