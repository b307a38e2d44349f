use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;

use crate::hash::Hash;

/// What a checkpoint says, without signatures (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log; Rekor v1 writes `host - tree id`.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// The tree's root hash.
    pub root: Hash,
}

/// Text that is not a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a checkpoint: {0}")]
pub struct CheckpointError(&'static str);

impl Checkpoint {
    /// Origin, size and root, each on a line; this is what is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root))
    }

    /// Reads the text of a note; extension lines are passed over.
    ///
    /// # Errors
    /// When a line is missing or malformed.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let mut line = |name| lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError(name));
        let origin = line("no origin")?.to_owned();
        let size_text = line("no size")?;
        let size: u64 = size_text.parse().map_err(|_| CheckpointError("the size is not a number"))?;
        if size.to_string() != size_text {
            return Err(CheckpointError("the size is not in its shortest form"));
        }
        let root = BASE64_STANDARD.decode(line("no root hash")?).ok().and_then(|root| root.try_into().ok());
        Ok(Self {
            origin,
            size,
            root: root.ok_or(CheckpointError("the root hash is not 32 bytes of base64"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let checkpoint = Checkpoint { origin: "log.example - 7".into(), size: 3, root: [7; 32] };
        assert_eq!(Checkpoint::parse(&checkpoint.to_text()).unwrap(), checkpoint);
        assert!(Checkpoint::parse("a\n03\nAAAA\n").is_err());
        assert!(Checkpoint::parse("a\n3\nAAAA\n").is_err());
        assert!(Checkpoint::parse("").is_err());
    }
}
