//! The folder of keys and configuration that `sigstead up` and `sigstead init` make, one process at a time.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A data directory that this process holds until it ends.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is not there, private to its user, and takes it for this process.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Self::make(path, 0o700, &["keys", "offline-keys"])
    }

    /// The same for services that run as other users: they may read all but the folder `keys`.
    pub(crate) fn open_for_services(path: &Path) -> anyhow::Result<Self> {
        Self::make(path, 0o755, &["keys"])
    }

    fn make(path: &Path, mode: u32, private: &[&str]) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let private = private.iter().map(|name| (path.join(name), 0o700));
        for (folder, mode) in [(path.clone(), mode)].into_iter().chain(private) {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make the data directory {}", folder.display()))?;
            std::fs::set_permissions(folder, Permissions::from_mode(mode))?;
        }
        let lock = take(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// A file of the directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The directory itself, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The lock is the kernel's: it is free again when the holder is gone, however it went.
fn take(dir: &Path) -> anyhow::Result<File> {
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))?;
    if lock.try_lock().is_err() {
        let mut holder = String::new();
        lock.read_to_string(&mut holder)?;
        bail!(
            "{} is held by another sigstead (process {})\n  hint: stop it, or give this one a directory of its own with --data",
            dir.display(),
            holder.trim()
        );
    }
    lock.set_len(0)?;
    lock.rewind()?;
    write!(lock, "{}", std::process::id())?;
    lock.sync_all()?;
    Ok(lock)
}

/// Replaces `file` as one step: a reader sees the old content or the new one.
pub(crate) fn write_atomically(file: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    // A bare name has no folder to sync.
    let file = std::path::absolute(file)?;
    let temporary = file.with_extension("new");
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    new.write_all(content)?;
    new.sync_all()?;
    std::fs::rename(&temporary, &file)?;
    if let Some(dir) = file.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        let refusal = DataDir::open(dir.path()).err().unwrap().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn services_may_read_all_but_the_keys() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let keys = dir.path().join("keys");
        drop(DataDir::open_for_services(dir.path()).unwrap());
        assert_eq!((mode(dir.path()), mode(&keys)), (0o755, 0o700));
        drop(DataDir::open(dir.path()).unwrap());
        assert_eq!((mode(dir.path()), mode(&keys)), (0o700, 0o700));
    }
}
