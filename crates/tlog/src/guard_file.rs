use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use sigstead_crypto::sha256;

use crate::rollback_guard::SignedHead;

/// Bytes of one copy; far below what a disk writes as one piece.
const COPY: usize = 128;

/// Two copies of a head in one small file, written in turn: a write that a crash cuts short damages the
/// older copy only. One sync of the data suffices, for neither name nor length ever change.
#[derive(Debug)]
pub(crate) struct GuardFile(File);

impl GuardFile {
    /// Opens the file, or makes it; a file that was just made holds no head.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        if file.metadata()?.len() < 2 * COPY as u64 {
            file.write_all_at(&[b' '; 2 * COPY], 0)?;
            file.sync_all()?;
            if let Some(folder) = path.parent() {
                File::open(folder)?.sync_all()?;
            }
        }
        Ok(Self(file))
    }

    /// Keeps other processes out until the file is closed, or [`GuardFile::unlock`].
    pub(crate) fn lock(&self) -> Result<()> {
        self.0.lock()
    }

    pub(crate) fn unlock(&self) -> Result<()> {
        self.0.unlock()
    }

    /// The highest head in the file, if any.
    pub(crate) fn read(&self) -> Result<Option<SignedHead>> {
        let copies = [self.copy(0)?, self.copy(1)?];
        let heads: Vec<SignedHead> = copies.iter().filter_map(parse).collect();
        let is_blank = copies.iter().all(|copy| copy.iter().all(|byte| *byte == b' '));
        match heads.into_iter().max_by_key(|head| head.size) {
            None if !is_blank => Err(Error::new(ErrorKind::InvalidData, "both copies are damaged")),
            highest => Ok(highest),
        }
    }

    /// Writes a head over the lower copy; when this returns it is on the disk.
    pub(crate) fn write(&self, head: SignedHead) -> Result<()> {
        let size = |copy: &[u8; COPY]| parse(copy).map(|head| head.size);
        let lower = u64::from(size(&self.copy(0)?) > size(&self.copy(1)?));
        self.0.write_all_at(&format(head), lower * COPY as u64)?;
        self.0.sync_data()
    }

    fn copy(&self, which: u64) -> Result<[u8; COPY]> {
        let mut copy = [0; COPY];
        self.0.read_exact_at(&mut copy, which * COPY as u64)?;
        Ok(copy)
    }
}

/// `size root check`, padded with spaces: readable, and damage shows.
fn format(head: SignedHead) -> [u8; COPY] {
    let text = format!("{} {}", head.size, hex::encode(head.root));
    let line = format!("{text} {}\n", check(&text));
    let mut copy = [b' '; COPY];
    copy.iter_mut().zip(line.bytes()).for_each(|(place, byte)| *place = byte);
    copy
}

fn parse(copy: &[u8; COPY]) -> Option<SignedHead> {
    let line = std::str::from_utf8(copy).ok()?.split('\n').next()?;
    let (text, sum) = line.rsplit_once(' ')?;
    let (size, root_hex) = text.split_once(' ').filter(|_| check(text) == sum)?;
    let mut root = [0; 32];
    hex::decode_to_slice(root_hex, &mut root).ok()?;
    Some(SignedHead { size: size.parse().ok()?, root })
}

fn check(text: &str) -> String {
    hex::encode(sha256(text.as_bytes()).split_at(8).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_is_cut_short_leaves_the_head_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard");
        let head = |size: u8| SignedHead { size: size.into(), root: [size; 32] };
        let file = GuardFile::open(&path).unwrap();
        assert_eq!(file.read().unwrap(), None);
        file.write(head(1)).unwrap();
        file.write(head(2)).unwrap();
        assert_eq!(GuardFile::open(&path).unwrap().read().unwrap(), Some(head(2)));
        // The next write would go over head 1; half of it arrives.
        let half = format(head(3));
        file.0.write_all_at(half.split_at(40).0, 0).unwrap();
        assert_eq!(file.read().unwrap(), Some(head(2)));
        file.write(head(3)).unwrap();
        assert_eq!(file.read().unwrap(), Some(head(3)));
        file.0.write_all_at(&[b'x'; 2 * COPY], 0).unwrap();
        assert!(file.read().is_err());
    }
}
