use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sigstead_merkle::{Frontier, Hash};
use thiserror::Error;

/// Remembers, outside the database, the highest tree head that was ever signed here.
///
/// A database that was restored from an old backup would let the log sign a second history for sizes
/// that it has signed before. The guard makes it refuse instead. Servers that share the folder share
/// the memory: the file is replaced under a lock, and only ever by a larger tree.
#[derive(Debug, Clone)]
pub struct RollbackGuard {
    file: PathBuf,
    /// What the file is known to hold at least.
    known: Arc<Mutex<Option<Remembered>>>,
}

/// The highest head that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

impl Remembered {
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
    /// When the folder cannot be made.
    pub fn open(folder: &Path, tree_id: i64) -> Result<Self, GuardError> {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        Ok(Self { file: folder.join(format!("{tree_id}.json")), known: Arc::default() })
    }

    /// The highest head that was signed, if any.
    pub(crate) fn remembered(&self) -> Result<Option<Remembered>, GuardError> {
        match std::fs::read(&self.file) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| failed(&self.file, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&self.file, &error)),
        }
    }

    /// Remembers a head that is about to be signed; when this returns, the memory is on the disk.
    /// Callers that come while another writes find their head remembered, or remember the newest.
    pub(crate) fn remember(&self, head: Remembered) -> Result<(), GuardError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|known| allows(known, head).is_ok_and(|newer| !newer)) {
            return Ok(());
        }
        let lock =
            OpenOptions::new().create(true).append(true).mode(0o600).open(self.file.with_extension("lock"));
        let lock = lock.map_err(|error| failed(&self.file, &error))?;
        lock.lock().map_err(|error| failed(&self.file, &error))?;
        let stored = self.remembered()?;
        let newer = stored.map_or(Ok(true), |stored| allows(stored, head))?;
        if newer {
            self.replace(head).map_err(|error| failed(&self.file, &error))?;
        }
        *known = Some(if newer { head } else { stored.unwrap_or(head) });
        Ok(())
    }

    fn replace(&self, head: Remembered) -> std::io::Result<()> {
        let temporary = self.file.with_extension("new");
        let mut new =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        new.write_all(&serde_json::to_vec(&head)?)?;
        new.sync_all()?;
        std::fs::rename(&temporary, &self.file)?;
        match self.file.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Whether `head` goes beyond what is `stored`. A smaller head is fine: another server signed a larger
/// one meanwhile, and both are of one committed history. An equal size must have the equal root.
fn allows(stored: Remembered, head: Remembered) -> Result<bool, GuardError> {
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
        let head = |size: u8| Remembered { size: size.into(), root: [size; 32] };
        let guard = RollbackGuard::open(folder.path(), 7).unwrap();
        assert_eq!(guard.remembered().unwrap(), None);
        guard.remember(head(3)).unwrap();
        guard.remember(head(2)).unwrap();
        let other_server = RollbackGuard::open(folder.path(), 7).unwrap();
        other_server.remember(head(5)).unwrap();
        guard.remember(head(4)).unwrap();
        assert_eq!(guard.remembered().unwrap(), Some(head(5)));
        let forked = Remembered { size: 5, root: [0; 32] };
        assert!(matches!(guard.remember(forked), Err(GuardError::OtherHistory { signed: 5 })));
        assert_eq!(RollbackGuard::open(folder.path(), 8).unwrap().remembered().unwrap(), None);
    }
}
