//! The files of a ZIP archive, as its directory lists them.

mod directory;

use std::cell::Cell;
use std::io::Read as _;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::Rejection;
use directory::{LOCAL, LOCAL_LENGTH, number};

pub(super) use directory::File;

/// Most bytes that the files of one archive unpack to, each as often as it is read: five times the longest request.
const MAX_UNPACKED: u64 = 128 << 20;
/// How much is unpacked at once.
const PIECE: usize = 32 << 10;

const ENCRYPTED: usize = 1;
const STORED: usize = 0;
const DEFLATED: usize = 8;

/// An archive whose directory can be read.
pub(super) struct Archive<'a> {
    /// From the first byte that the directory counts from: programs may stand before an archive.
    bytes: &'a [u8],
    pub(super) files: Vec<File<'a>>,
    /// How much may still be unpacked.
    budget: Cell<u64>,
}

impl<'a> Archive<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let (bytes, files) = directory::read(bytes).ok_or_else(malformed)?;
        Ok(Self { bytes, files, budget: Cell::new(MAX_UNPACKED) })
    }

    /// The whole of a file.
    pub(super) fn unpack(&self, file: &File<'_>) -> Result<Vec<u8>, Rejection> {
        let mut content = Vec::new();
        self.unpack_into(file, |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    /// A file, piece by piece; whether it is whole is known at the end.
    pub(super) fn unpack_into(&self, file: &File<'_>, mut take: impl FnMut(&[u8])) -> Result<(), Rejection> {
        // Folders are files without content.
        if file.name.ends_with(b"/") {
            return if file.size == 0 { Ok(()) } else { Err(malformed()) };
        }
        let size = u64::try_from(file.size).unwrap_or(u64::MAX);
        let left = self.budget.get().checked_sub(size);
        self.budget.set(left.ok_or_else(|| {
            Rejection::entry(format!("the archive's files unpack to more than {MAX_UNPACKED} bytes"))
        })?);
        let packed = self.packed(file).ok_or_else(malformed)?;
        let mut crc = Crc::new();
        let mut both = |piece: &[u8]| {
            crc.update(piece);
            take(piece);
        };
        match file.method {
            _ if file.flags & ENCRYPTED != 0 => return Err(unsupported()),
            STORED if packed.len() == file.size => both(packed),
            STORED => return Err(malformed()),
            DEFLATED => inflate(packed, size, both)?,
            _ => return Err(unsupported()),
        }
        if usize::try_from(crc.sum()) == Ok(file.crc) {
            Ok(())
        } else {
            Err(Rejection::entry("zip: checksum error"))
        }
    }

    fn packed(&self, file: &File<'_>) -> Option<&'a [u8]> {
        let local = self.bytes.get(file.offset..).filter(|rest| rest.starts_with(&LOCAL))?;
        let names = number(local, 26, 2)? + number(local, 28, 2)?;
        local.get(LOCAL_LENGTH + names..)?.get(..file.packed)
    }
}

/// Never takes more than a piece beyond `size`.
fn inflate(packed: &[u8], size: u64, mut take: impl FnMut(&[u8])) -> Result<(), Rejection> {
    let mut unpacking = DeflateDecoder::new(packed).take(size.saturating_add(1));
    let (mut piece, mut unpacked) = (vec![0; PIECE], 0);
    loop {
        let length = unpacking.read(&mut piece).map_err(|_| malformed())?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else { break };
        unpacked += u64::try_from(length).unwrap_or(u64::MAX);
        take(read);
    }
    if unpacked == size { Ok(()) } else { Err(malformed()) }
}

fn malformed() -> Rejection {
    Rejection::entry("zip: not a valid zip file")
}

fn unsupported() -> Rejection {
    Rejection::entry("zip: unsupported compression algorithm")
}
