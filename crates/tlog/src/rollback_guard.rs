use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sigstead_merkle::{Frontier, Hash};
use thiserror::Error;

use crate::guard_file::GuardFile;

/// Remembers, outside the database, the highest tree head that was ever signed here.
///
/// A database that was restored from an old backup would let the log sign a second history for sizes
/// that it has signed before. The guard makes it refuse instead. Servers that share the folder share
/// the memory: the file is written under a lock, and only ever with a larger tree.
#[derive(Debug, Clone)]
pub struct RollbackGuard {
    path: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: GuardFile,
    /// What the file is known to hold at least.
    known: Mutex<Option<SignedHead>>,
}

/// A head that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHead {
    /// Leaves in the tree.
    pub size: u64,
    /// Its root hash.
    pub root: Hash,
}

impl SignedHead {
    /// Whether it is the head of that tree.
    pub(crate) fn is(&self, tree: &Frontier) -> bool {
        self.size == tree.size() && self.root == tree.root()
    }
}

/// Why nothing may be signed.
#[derive(Debug, Error)]
pub enum GuardError {
    /// The database has fewer entries than were signed for.
    #[error(
        "the database holds {found} entries of a tree of which {signed} were signed: it is older than this log, or not its own\n  \
         hint: restore the newest database, check it with `sigstead log audit`, and start a new tree if entries are lost"
    )]
    RolledBack {
        /// What the database has.
        found: u64,
        /// What was signed.
        signed: u64,
    },
    /// The database has other entries than were signed for.
    #[error(
        "the database's first {signed} entries are not those that were signed: it belongs to another history\n  \
         hint: restore the database that this log signed for, and check it with `sigstead log audit`"
    )]
    OtherHistory {
        /// The size that was signed.
        signed: u64,
    },
    /// The key is not the one that signed for the tree before.
    #[error(
        "the key of {origin} is {known}, not {offered}: clients know a log by its key\n  \
         hint: configure that key again, or go on with another shard or log (docs/operations/rotate-log-keys.md)"
    )]
    OtherKey {
        /// The tree's.
        origin: String,
        /// In hexadecimal: SHA-256 of the SubjectPublicKeyInfo, or the key id in checkpoints.
        known: String,
        /// The same of the key that was to sign.
        offered: String,
    },
    /// The guard's file cannot be read or written.
    #[error("the rollback guard {file}: {why}")]
    File {
        /// Its path.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
}

impl RollbackGuard {
    /// The guard of one tree, in a folder that it shares with other trees' guards.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(folder: &Path, tree_id: i64) -> Result<Self, GuardError> {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        let path = folder.join(tree_id.to_string());
        let file = GuardFile::open(&path).map_err(|error| failed(&path, &error))?;
        Ok(Self { path, shared: Arc::new(Shared { file, known: Mutex::default() }) })
    }

    /// The trees that the folder remembers, by their ids; none if there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn trees(folder: &Path) -> Result<Vec<i64>, GuardError> {
        let files = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files.map_err(|error| failed(folder, &error))?,
        };
        let names = files.filter_map(|file| file.ok()?.file_name().to_str()?.parse().ok());
        Ok(names.collect())
    }

    /// Forgets what was signed, for a tree that lost entries and was frozen as it is: nothing is added to it any more.
    /// The memory stays beside the guard, under a name that says so.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn accept_loss(self) -> Result<(), GuardError> {
        let aside = self.path.with_extension("lost");
        std::fs::rename(&self.path, aside).map_err(|error| failed(&self.path, &error))
    }

    /// The highest head that was signed, if any.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn remembered(&self) -> Result<Option<SignedHead>, GuardError> {
        self.shared.file.read().map_err(|error| failed(&self.path, &error))
    }

    /// Remembers a head that is about to be signed; when this returns, the memory is on the disk.
    /// Callers that come while another writes find their head remembered, or remember the newest.
    pub(crate) fn remember(&self, head: SignedHead) -> Result<(), GuardError> {
        let Shared { file, known } = self.shared.as_ref();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|known| allows(known, head).is_ok_and(|newer| !newer)) {
            return Ok(());
        }
        let failed = |error| failed(&self.path, &error);
        file.lock().map_err(failed)?;
        let outcome = self.write_if_newer(head);
        file.unlock().map_err(failed)?;
        *known = Some(outcome?);
        Ok(())
    }

    /// What the file holds afterwards.
    fn write_if_newer(&self, head: SignedHead) -> Result<SignedHead, GuardError> {
        match self.remembered()? {
            Some(stored) if !allows(stored, head)? => Ok(stored),
            _ => {
                self.shared.file.write(head).map_err(|error| failed(&self.path, &error))?;
                Ok(head)
            }
        }
    }
}

/// Whether `head` goes beyond what is `stored`. A smaller head is fine: another server signed a larger
/// one meanwhile, and both are of one committed history. An equal size must have the equal root.
fn allows(stored: SignedHead, head: SignedHead) -> Result<bool, GuardError> {
    if head.size == stored.size && head.root != stored.root {
        return Err(GuardError::OtherHistory { signed: stored.size });
    }
    Ok(head.size > stored.size)
}

fn failed(file: &Path, why: &impl std::fmt::Display) -> GuardError {
    GuardError::File { file: file.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_highest() {
        let folder = tempfile::tempdir().unwrap();
        let head = |size: u8| SignedHead { size: size.into(), root: [size; 32] };
        let guard = RollbackGuard::open(folder.path(), 7).unwrap();
        assert_eq!(guard.remembered().unwrap(), None);
        guard.remember(head(3)).unwrap();
        guard.remember(head(2)).unwrap();
        let other_server = RollbackGuard::open(folder.path(), 7).unwrap();
        other_server.remember(head(5)).unwrap();
        guard.remember(head(4)).unwrap();
        assert_eq!(guard.remembered().unwrap(), Some(head(5)));
        let forked = SignedHead { size: 5, root: [0; 32] };
        assert!(matches!(guard.remember(forked), Err(GuardError::OtherHistory { signed: 5 })));
        assert_eq!(RollbackGuard::open(folder.path(), 8).unwrap().remembered().unwrap(), None);
    }
}
