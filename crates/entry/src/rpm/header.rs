//! The parts of a package file: lead, signature header, header, payload (RPM's "Package format" manual).

use std::collections::BTreeMap;

use crate::Rejection;

const LEAD: usize = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
const HEADER_MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
const INTRO: usize = 16;
const ENTRY: usize = 16;
/// RPM itself takes no more entries.
const MAX_ENTRIES: usize = 0xffff;

const INT32: u32 = 4;
const STRING: u32 = 6;
const BIN: u32 = 7;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// A package file, cut apart.
pub(super) struct Package<'a> {
    pub(super) signatures: Header<'a>,
    pub(super) header: Header<'a>,
    pub(super) header_bytes: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) header_and_payload: &'a [u8],
}

impl<'a> Package<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        let short = || Rejection::entry("error reading RPM lead: unexpected EOF");
        let (lead, rest) = bytes.split_at_checked(LEAD).ok_or_else(short)?;
        if !lead.starts_with(&LEAD_MAGIC) {
            return Err(Rejection::entry("file is not an RPM"));
        }
        // The signature header is padded, so that the next one starts at a multiple of eight.
        let (signatures, _, header_and_payload) = Header::parse(rest, 8)?;
        let (header, header_bytes, payload) = Header::parse(header_and_payload, 1)?;
        Ok(Self { signatures, header, header_bytes, payload, header_and_payload })
    }
}

/// Values by their tags.
pub(super) struct Header<'a> {
    entries: BTreeMap<u32, Entry<'a>>,
}

struct Entry<'a> {
    kind: u32,
    count: usize,
    /// From the value's beginning to the end of the header's data.
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// A header whose length is a multiple of `align`, its bytes, and what follows.
    fn parse(bytes: &'a [u8], align: usize) -> Result<(Self, &'a [u8], &'a [u8]), Rejection> {
        let short = || Rejection::entry("error reading RPM header: unexpected EOF");
        let (intro, rest) = bytes.split_at_checked(INTRO).ok_or_else(short)?;
        if !intro.starts_with(&HEADER_MAGIC) {
            return Err(Rejection::entry("bad magic for header"));
        }
        let [_, _, count, size] = words(intro);
        let (count, size) = (length(count), length(size));
        if count > MAX_ENTRIES {
            return Err(Rejection::entry("error reading RPM header table: too many entries"));
        }
        let (table, rest) = rest.split_at_checked(count * ENTRY).ok_or_else(short)?;
        let padded = size.checked_next_multiple_of(align).ok_or_else(short)?;
        let (data, rest) = rest.split_at_checked(padded).ok_or_else(short)?;
        let mut entries = BTreeMap::new();
        for entry in table.chunks_exact(ENTRY) {
            let [tag, kind, offset, count] = words(entry);
            let truncated = || Rejection::entry(format!("tag {tag} is truncated"));
            let data = data.get(length(offset)..).ok_or_else(truncated)?;
            entries.insert(tag, Entry { kind, count: length(count), data });
        }
        let own = bytes.get(..INTRO + count * ENTRY + padded).ok_or_else(short)?;
        Ok((Self { entries }, own, rest))
    }

    pub(super) fn has(&self, tag: u32) -> bool {
        self.entries.contains_key(&tag)
    }

    /// Binary data.
    pub(super) fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        let entry = self.entries.get(&tag).filter(|entry| entry.kind == BIN)?;
        entry.data.get(..entry.count)
    }

    /// The first of the tag's texts.
    pub(super) fn text(&self, tag: u32) -> Option<&'a str> {
        let is_text = |entry: &&Entry<'_>| [STRING, STRING_ARRAY, I18N_STRING].contains(&entry.kind);
        let entry = self.entries.get(&tag).filter(is_text).filter(|entry| entry.count > 0)?;
        let end = entry.data.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(entry.data.get(..end)?).ok()
    }

    /// The first of the tag's numbers.
    pub(super) fn number(&self, tag: u32) -> Option<u32> {
        let entry = self.entries.get(&tag).filter(|entry| entry.kind == INT32 && entry.count > 0)?;
        entry.data.first_chunk().map(|octets| u32::from_be_bytes(*octets))
    }
}

/// Four numbers, as introductions and entries have them.
fn words(bytes: &[u8]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, octets) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*octets);
    }
    words
}

/// Too long for this machine is too long for any file.
fn length(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
