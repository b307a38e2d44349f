//! The files in a tar archive (POSIX.1-1988 ustar, GNU); the end of the bytes is an end, too, for Alpine's tools cut
//! the trailers off.

const BLOCK: usize = 512;
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: std::ops::Range<usize> = 257..263;
const PREFIX: std::ops::Range<usize> = 345..500;

/// A file with bytes.
pub(super) struct File<'a> {
    pub(super) name: Vec<u8>,
    pub(super) content: &'a [u8],
}

/// The regular files.
pub(super) fn files(mut archive: &[u8]) -> Result<Vec<File<'_>>, &'static str> {
    let mut files = Vec::new();
    while !archive.is_empty() {
        let (file, rest) = next(archive)?;
        files.extend(file);
        archive = rest;
    }
    Ok(files)
}

/// The file at the beginning, unless something else is there, and what follows.
fn next(archive: &[u8]) -> Result<(Option<File<'_>>, &[u8]), &'static str> {
    let (header, rest) = archive.split_at_checked(BLOCK).ok_or(CUT_OFF)?;
    if header.iter().all(|byte| *byte == 0) {
        return Ok((None, &[]));
    }
    let field = |range| header.get(range).unwrap_or_default();
    let kind = header.get(KIND).copied().ok_or(NO_HEADER)?;
    let sum = |(at, byte): (usize, &u8)| u64::from(if CHECKSUM.contains(&at) { b' ' } else { *byte });
    if number(field(CHECKSUM)) != Some(header.iter().enumerate().map(sum).sum()) {
        return Err(NO_HEADER);
    }
    let size = number(field(SIZE)).and_then(|size| usize::try_from(size).ok()).ok_or(NO_HEADER)?;
    // Links, devices and folders have no content, whatever size they say.
    let size = if (b'1'..=b'6').contains(&kind) { 0 } else { size };
    let (content, _) = rest.split_at_checked(size).ok_or(CUT_OFF)?;
    let rest = rest.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
    match kind {
        b'0' | b'7' | 0 => Ok((Some(File { name: name(header), content }), rest)),
        b'1'..=b'6' | b'g' | b'K' | b'L' => Ok((None, rest)),
        b'x' if !renames(content) => Ok((None, rest)),
        _ => Err(NO_HEADER),
    }
}

/// Whether an extended header says what the next file's own header should.
fn renames(records: &[u8]) -> bool {
    [&b" path="[..], b" size=", b" GNU.sparse."]
        .iter()
        .any(|key| records.windows(key.len()).any(|part| part == *key))
}

fn name(header: &[u8]) -> Vec<u8> {
    let text = |range| {
        let field: &[u8] = header.get(range).unwrap_or_default();
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    };
    match text(PREFIX) {
        [] => text(NAME).to_vec(),
        _ if header.get(MAGIC) != Some(b"ustar\0") => text(NAME).to_vec(),
        prefix => [prefix, b"/", text(NAME)].concat(),
    }
}

/// Octal digits between spaces and zero bytes.
fn number(field: &[u8]) -> Option<u64> {
    let is_around = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !is_around(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_around(byte)).map_or(start, |last| last + 1);
    let digits = std::str::from_utf8(field.get(start..end)?).ok()?;
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

const CUT_OFF: &str = "unexpected EOF";
const NO_HEADER: &str = "archive/tar: invalid tar header";
