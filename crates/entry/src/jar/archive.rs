//! The files of a ZIP archive, by its central directory (APPNOTE.TXT 6.3, sections 4.3.12 and 4.3.16). Requests are far
//! too short for Zip64, which is not read.

use std::cell::Cell;
use std::io::Read as _;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::Rejection;

/// Most bytes that the files of one archive unpack to, each as often as it is read: five times the longest request.
const MAX_UNPACKED: u64 = 128 << 20;
/// How much is unpacked at once.
const PIECE: usize = 32 << 10;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const MAX_COMMENT: usize = 0xffff;
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;

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

/// What the directory says of a file.
pub(super) struct File<'a> {
    pub(super) name: &'a [u8],
    /// Unpacked.
    pub(super) size: usize,
    packed: usize,
    flags: usize,
    method: usize,
    crc: usize,
    offset: usize,
}

impl<'a> Archive<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        Self::read(bytes).ok_or_else(malformed)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let tail = bytes.len().saturating_sub(END_LENGTH + MAX_COMMENT);
        let end = tail + bytes.get(tail..)?.windows(END.len()).rposition(|part| part == END)?;
        let record = bytes.get(end..)?;
        if number(record, 20, 2)? + END_LENGTH > record.len() {
            return None;
        }
        let (count, size, offset) = (number(record, 10, 2)?, number(record, 12, 4)?, number(record, 16, 4)?);
        let before = end.checked_sub(size)?.checked_sub(offset)?;
        let is_counted_from_the_start = bytes.get(offset..).is_some_and(|rest| rest.starts_with(&ENTRY));
        let bytes = if is_counted_from_the_start { bytes } else { bytes.get(before..)? };
        let mut directory = bytes.get(offset..)?;
        let mut files = Vec::new();
        for _ in 0..count {
            let (file, rest) = File::read(directory)?;
            files.push(file);
            directory = rest;
        }
        // More entries than are counted would be files to one reader and none to another.
        (!directory.starts_with(&ENTRY)).then_some(Self { bytes, files, budget: Cell::new(MAX_UNPACKED) })
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

impl<'a> File<'a> {
    /// The directory's first entry, and what follows it.
    fn read(directory: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let entry = Some(directory).filter(|directory| directory.starts_with(&ENTRY))?;
        let (name, extra, comment) = (number(entry, 28, 2)?, number(entry, 30, 2)?, number(entry, 32, 2)?);
        let file = Self {
            name: entry.get(ENTRY_LENGTH..)?.get(..name)?,
            flags: number(entry, 8, 2)?,
            method: number(entry, 10, 2)?,
            crc: number(entry, 16, 4)?,
            packed: number(entry, 20, 4)?,
            size: number(entry, 24, 4)?,
            offset: number(entry, 42, 4)?,
        };
        Some((file, entry.get(ENTRY_LENGTH + name + extra + comment..)?))
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

/// A little-endian number.
fn number(record: &[u8], at: usize, length: usize) -> Option<usize> {
    let octets = record.get(at..)?.get(..length)?;
    Some(octets.iter().rev().fold(0, |number, octet| number << 8 | usize::from(*octet)))
}

fn malformed() -> Rejection {
    Rejection::entry("zip: not a valid zip file")
}

fn unsupported() -> Rejection {
    Rejection::entry("zip: unsupported compression algorithm")
}
