use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::{Envelope, Role, TufError};

/// The folder of a repository, as a web server would serve it: metadata at the top, files in `targets/`.
///
/// Files appear whole, and none but `root.json` and `timestamp.json` ever changes.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// A file for a client.
#[derive(Debug)]
pub struct ServedFile {
    /// Its bytes.
    pub content: Bytes,
    /// Whether it stays as it is under this name.
    pub is_immutable: bool,
}

/// The newest file of a role.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) content: Vec<u8>,
}

impl Folder {
    /// The folder at `path`; it need not be there yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A metadata file by the name that clients ask for.
    pub async fn metadata_file(&self, name: &str) -> Option<ServedFile> {
        let is_immutable = versioned(name).is_some();
        let is_known = is_immutable || [ROOT_COPY, TIMESTAMP].contains(&name);
        self.served(is_known.then_some(name)?, is_immutable).await
    }

    /// A target by the name that clients ask for, `DIGEST.NAME`.
    pub async fn target_file(&self, name: &str) -> Option<ServedFile> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let (digest, _) = name.split_once('.')?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_name = is_digest && name.bytes().all(is_plain);
        self.served(&format!("{TARGETS}/{}", is_name.then_some(name)?), true).await
    }

    async fn served(&self, name: &str, is_immutable: bool) -> Option<ServedFile> {
        let content = tokio::fs::read(self.path.join(name)).await.ok()?;
        Some(ServedFile { content: content.into(), is_immutable })
    }

    /// Holds off other writers until it is dropped.
    pub(super) async fn lock(&self) -> Result<File, TufError> {
        let failed = |error| TufError::Io(self.path.clone(), error);
        std::fs::create_dir_all(self.path.join(TARGETS)).map_err(failed)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.join(LOCK))
            .map_err(failed)?;
        for _ in 0..LOCK_TRIES {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(TufError::Busy(self.path.clone()))
    }

    /// The newest file of a role. That of the timestamp tells its version only by what it says.
    pub(super) fn newest(&self, role: Role) -> Result<Option<Stored>, TufError> {
        if role == Role::Timestamp {
            return self.timestamp();
        }
        self.versions(role)?.pop().map(|version| self.version(role, version)).transpose()
    }

    /// The versions of a role that are there, in order.
    pub(super) fn versions(&self, role: Role) -> Result<Vec<u64>, TufError> {
        let failed = |error| TufError::Io(self.path.clone(), error);
        let mut versions = Vec::new();
        let listed = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(versions),
            listed => listed.map_err(failed)?,
        };
        for entry in listed {
            let name = entry.map_err(failed)?.file_name();
            let version = name.to_str().and_then(versioned).filter(|(found, _)| *found == role);
            versions.extend(version.map(|(_, version)| version));
        }
        versions.sort_unstable();
        Ok(versions)
    }

    pub(super) fn version(&self, role: Role, version: u64) -> Result<Stored, TufError> {
        Ok(Stored { version, content: self.read(&role.file_name(version))? })
    }

    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, TufError> {
        let path = self.path.join(name);
        std::fs::read(&path).map_err(|error| TufError::Io(path, error))
    }

    fn timestamp(&self) -> Result<Option<Stored>, TufError> {
        let content = match self.read(TIMESTAMP) {
            Err(TufError::Io(_, error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
            content => content?,
        };
        // A guess at the version could be one that clients have seen already.
        let damaged = |error: TufError| TufError::Damaged(TIMESTAMP.to_owned(), error.to_string());
        let metadata = Envelope::parse(&content)
            .and_then(|file| file.metadata::<serde::de::IgnoredAny>(Role::Timestamp))
            .map_err(damaged)?;
        Ok(Some(Stored { version: metadata.version, content }))
    }

    /// Makes `name` hold `content`, as one step; nothing is done if it does already.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), TufError> {
        let path = self.path.join(name);
        if std::fs::read(&path).is_ok_and(|present| present == content) {
            return Ok(());
        }
        replace(&path, content).map_err(|error| TufError::Io(path, error))
    }
}

/// Through a file beside it, under the lock; its name is none that clients are given.
fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(".new");
    let mut new = File::create(&temporary)?;
    new.write_all(content)?;
    new.sync_all()?;
    std::fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

/// Role and version of a name as `3.root.json`.
fn versioned(name: &str) -> Option<(Role, u64)> {
    let version = name.split_once('.')?.0.parse().ok()?;
    let role = [Role::Root, Role::Targets, Role::Snapshot]
        .into_iter()
        .find(|role| role.file_name(version) == name)?;
    Some((role, version))
}

/// A copy of the newest root, for people and for clients that fetch their first root.
pub(super) const ROOT_COPY: &str = "root.json";
/// The folder of the targets.
pub(super) const TARGETS: &str = "targets";
const TIMESTAMP: &str = "timestamp.json";
const LOCK: &str = ".lock";
/// Ten seconds in all: a writer that holds it signs at most four files.
const LOCK_TRIES: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_repositorys_files_are_served() {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::new(outer.path().join("tuf"));
        std::fs::create_dir_all(folder.path().join("targets")).unwrap();
        let target = format!("{}.rekor.pub", "ab".repeat(32));
        for name in [
            "1.root.json",
            "root.json",
            ".lock",
            "+1.root.json",
            "01.root.json",
            "secret.json",
            "1.timestamp.json",
        ] {
            std::fs::write(folder.path().join(name), b"{}").unwrap();
        }
        std::fs::write(outer.path().join("root.json"), b"outside").unwrap();
        std::fs::write(folder.path().join("targets").join(&target), b"{}").unwrap();
        assert!(folder.metadata_file("1.root.json").await.unwrap().is_immutable);
        assert!(!folder.metadata_file("root.json").await.unwrap().is_immutable);
        assert!(folder.target_file(&target).await.is_some());
        for name in [
            "../root.json",
            ".lock",
            "+1.root.json",
            "01.root.json",
            "secret.json",
            "2.root.json",
            "1.timestamp.json",
            "",
        ] {
            assert!(folder.metadata_file(name).await.is_none(), "{name}");
            assert!(folder.target_file(name).await.is_none(), "{name}");
        }
        assert!(folder.target_file(&format!("{}./../../root.json", "ab".repeat(32))).await.is_none());
    }
}
