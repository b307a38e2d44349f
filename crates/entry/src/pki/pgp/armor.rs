//! ASCII armor (RFC 9580, section 6).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const LINE: usize = 64;

/// What one block holds; its checksum says nothing that signatures do not, and is not read.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) data: Vec<u8>,
}

/// The blocks in a text, `None` for one that cannot be read.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Option<Block>> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    std::iter::from_fn(move || {
        let label = lines.by_ref().find_map(begin)?.to_owned();
        Some(body(&mut lines).map(|data| Block { label, data }))
    })
}

fn begin(line: &[u8]) -> Option<&str> {
    let label = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    std::str::from_utf8(label).ok()
}

/// Headers, an empty line, base64, perhaps a checksum, and the end.
fn body<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    lines.by_ref().take_while(|line| !line.is_empty()).all(|line| line.contains(&b':')).then_some(())?;
    let mut text = Vec::new();
    for line in lines {
        if line.starts_with(b"-----END ") {
            return BASE64_STANDARD.decode(text).ok();
        }
        if !line.starts_with(b"=") {
            text.extend_from_slice(line);
        }
    }
    None
}

/// A block without headers; no line break follows it.
pub(super) fn encode(label: &str, data: &[u8]) -> Vec<u8> {
    let base64 = BASE64_STANDARD.encode(data);
    let mut text = format!("-----BEGIN {label}-----\n\n").into_bytes();
    for line in base64.as_bytes().chunks(LINE) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let [_, checksum @ ..] = checksum(data).to_be_bytes();
    text.extend_from_slice(
        format!("={}\n-----END {label}-----", BASE64_STANDARD.encode(checksum)).as_bytes(),
    );
    text
}

/// CRC-24 (RFC 9580, section 6.1.1).
fn checksum(data: &[u8]) -> u32 {
    const START: u32 = 0x00b7_04ce;
    const POLYNOMIAL: u32 = 0x0186_4cfb;
    let shift = |crc: u32| if crc & 0x0080_0000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ (u32::from(*byte) << 16), |crc, _| shift(crc));
    data.iter().fold(START, byte) & 0x00ff_ffff
}
