//! The central directory of a ZIP archive (APPNOTE.TXT 6.3, sections 4.3.12 to 4.3.16 and 4.5.3). Zip64's records are
//! read where the older ones have no room for a number, as Go does it, however small the number is.

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const MAX_COMMENT: usize = 0xffff;
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LENGTH: usize = 20;
const WIDE_END: [u8; 4] = *b"PK\x06\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
/// Begins what stands before a file's content.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Of that, without name and extra fields.
pub(super) const LOCAL_LENGTH: usize = 30;

/// Instead of a number that needs Zip64.
const FULL: usize = 0xffff_ffff;
const FULL_COUNT: usize = 0xffff;
/// The extra field with the numbers that an entry has no room for.
const WIDE: usize = 1;

/// What the directory says of a file.
#[derive(Debug)]
pub(in crate::jar) struct File<'a> {
    pub(in crate::jar) name: &'a [u8],
    /// Unpacked.
    pub(in crate::jar) size: usize,
    pub(super) packed: usize,
    pub(super) flags: usize,
    pub(super) method: usize,
    pub(super) crc: usize,
    pub(super) offset: usize,
}

/// Where the directory is.
struct End {
    /// Where it ends.
    at: usize,
    count: usize,
    size: usize,
    offset: usize,
}

/// The files of an archive, and the archive from the first byte that the directory counts from: programs may stand
/// before it.
pub(super) fn read(bytes: &[u8]) -> Option<(&[u8], Vec<File<'_>>)> {
    let End { at, count, size, offset } = End::read(bytes)?;
    let before = at.checked_sub(size)?.checked_sub(offset)?;
    let is_counted_from_the_start = bytes.get(offset..).is_some_and(|rest| rest.starts_with(&ENTRY));
    let bytes = if is_counted_from_the_start { bytes } else { bytes.get(before..)? };
    let mut directory = bytes.get(offset..)?;
    let mut files = Vec::new();
    // Whatever the count, the bytes end.
    for _ in 0..count {
        let (file, rest) = File::read(directory)?;
        files.push(file);
        directory = rest;
    }
    // More entries than are counted would be files to one reader and none to another.
    (!directory.starts_with(&ENTRY)).then_some((bytes, files))
}

impl End {
    fn read(bytes: &[u8]) -> Option<Self> {
        let tail = bytes.len().saturating_sub(END_LENGTH + MAX_COMMENT);
        let at = tail + bytes.get(tail..)?.windows(END.len()).rposition(|part| part == END)?;
        let record = bytes.get(at..)?;
        if number(record, 20, 2)? + END_LENGTH > record.len() {
            return None;
        }
        let (count, size, offset) = (number(record, 10, 2)?, number(record, 12, 4)?, number(record, 16, 4)?);
        let is_full = count == FULL_COUNT || size == FULL || offset == FULL;
        match Self::locate(bytes, at).filter(|_| is_full) {
            Some(wide) => Self::read_wide(bytes, wide),
            None => Some(Self { at, count, size, offset }),
        }
    }

    /// Where the locator before the end says that Zip64's end is, if there is one, and the archive is in one part.
    fn locate(bytes: &[u8], end: usize) -> Option<usize> {
        let locator = bytes.get(end.checked_sub(LOCATOR_LENGTH)?..)?;
        let is_one_part = number(locator, 4, 4)? == 0 && number(locator, 16, 4)? == 1;
        if locator.starts_with(&LOCATOR) && is_one_part { number(locator, 8, 8) } else { None }
    }

    fn read_wide(bytes: &[u8], at: usize) -> Option<Self> {
        let record = bytes.get(at..).filter(|record| record.starts_with(&WIDE_END))?;
        let (count, size, offset) = (number(record, 32, 8)?, number(record, 40, 8)?, number(record, 48, 8)?);
        Some(Self { at, count, size, offset })
    }
}

impl<'a> File<'a> {
    /// The directory's first entry, and what follows it.
    fn read(directory: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let entry = Some(directory).filter(|directory| directory.starts_with(&ENTRY))?;
        let (name, extra, comment) = (number(entry, 28, 2)?, number(entry, 30, 2)?, number(entry, 32, 2)?);
        let (name, rest) = entry.get(ENTRY_LENGTH..)?.split_at_checked(name)?;
        let (extra, rest) = rest.split_at_checked(extra)?;
        let file = Self {
            name,
            flags: number(entry, 8, 2)?,
            method: number(entry, 10, 2)?,
            crc: number(entry, 16, 4)?,
            packed: number(entry, 20, 4)?,
            size: number(entry, 24, 4)?,
            offset: number(entry, 42, 4)?,
        };
        Some((file.widened(extra)?, rest.get(comment..)?))
    }

    /// With the numbers that stand in an extra field, in this order; a size alone may really be that large.
    fn widened(mut self, extra: &[u8]) -> Option<Self> {
        let Some(mut wide) = extra_field(extra, WIDE) else {
            return (self.packed != FULL && self.offset != FULL).then_some(self);
        };
        for narrow in [&mut self.size, &mut self.packed, &mut self.offset] {
            if *narrow == FULL {
                *narrow = number(wide, 0, 8)?;
                wide = wide.get(8..)?;
            }
        }
        Some(self)
    }
}

/// The first extra field of a kind; what stands behind one that is cut off is none.
fn extra_field(mut fields: &[u8], kind: usize) -> Option<&[u8]> {
    loop {
        let (found, length) = (number(fields, 0, 2)?, number(fields, 2, 2)?);
        let (content, rest) = fields.get(4..)?.split_at_checked(length)?;
        if found == kind {
            return Some(content);
        }
        fields = rest;
    }
}

/// A little-endian number of at most eight octets.
pub(super) fn number(record: &[u8], at: usize, length: usize) -> Option<usize> {
    let octets = record.get(at..)?.get(..length)?;
    usize::try_from(octets.iter().rev().fold(0, |number, octet| number << 8 | u64::from(*octet))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b"content";

    fn le(length: usize, number: u64) -> Vec<u8> {
        number.to_le_bytes()[..length].to_vec()
    }

    /// An archive of one stored file, every number of whose directory is in Zip64's records.
    fn wide(extra: &[u8], count: u64, locator: &[u8]) -> Vec<u8> {
        let mut bytes = [&LOCAL[..], &[0; LOCAL_LENGTH - 4], b"", CONTENT].concat();
        let offset = bytes.len() as u64;
        let entry = [
            &ENTRY[..],
            &[0; 16],
            &[0xff; 8],
            &le(2, 1),
            &le(2, extra.len() as u64),
            &[0; 10],
            &[0xff; 4],
            b"a",
            extra,
        ];
        bytes.extend(entry.concat());
        let (size, at) = (bytes.len() as u64 - offset, bytes.len() as u64);
        let end = [&WIDE_END[..], &le(8, 44), &[0; 12], &[0; 8], &le(8, count), &le(8, size), &le(8, offset)];
        bytes.extend(end.concat());
        bytes.extend([locator, &[0; 4], &le(8, at), &le(4, 1)].concat());
        bytes.extend([&END[..], &[0; 4], &[0xff; 12], &[0; 2]].concat());
        bytes
    }

    fn extra(numbers: &[u64]) -> Vec<u8> {
        let other = [&le(2, 0xcafe)[..], &le(2, 3), b"abc"].concat();
        let content = numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
        [other, le(2, 1), le(2, content.len() as u64), content].concat()
    }

    #[test]
    fn wide_numbers_are_read() {
        let bytes = wide(&extra(&[7, 7, 0]), 1, &LOCATOR);
        let (whole, files) = read(&bytes).unwrap();
        assert_eq!((whole.len(), files.len()), (bytes.len(), 1));
        assert_eq!((files[0].name, files[0].size, files[0].packed, files[0].offset), (&b"a"[..], 7, 7, 0));
    }

    #[test]
    fn numbers_that_are_nowhere_or_lie_are_refused() {
        for (numbers, count, locator) in [
            (&[7, 7][..], 1, LOCATOR),
            (&[][..], 1, LOCATOR),
            (&[7, 7, 0][..], 2, LOCATOR),
            (&[7, 7, 0][..], u64::MAX, LOCATOR),
            (&[7, 7, 0][..], 0, LOCATOR),
            (&[7, 7, 0][..], 1, *b"none"),
        ] {
            assert!(read(&wide(&extra(numbers), count, &locator)).is_none(), "{numbers:?} {count}");
        }
        let mut cut_off = extra(&[7, 7, 0]);
        cut_off.truncate(20);
        assert!(read(&wide(&cut_off, 1, &LOCATOR)).is_none());
    }

    #[test]
    fn no_number_reaches_beyond_the_archive() {
        let good = wide(&extra(&[7, 7, 0]), 1, &LOCATOR);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at..].iter_mut().take(8).for_each(|byte| *byte = 0xff);
            // Whatever it is, it is told without a panic.
            let _read = read(&bytes);
            let _cut = read(&good[..at]);
        }
    }
}
