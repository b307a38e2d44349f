//! PEM (RFC 7468), read as leniently as clients write it, written strictly.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;

/// Longest text that is searched for blocks.
const MAX_TEXT: usize = 1 << 20;
/// Characters in a line of what we write.
const LINE: usize = 64;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands after `BEGIN`.
    pub label: String,
    /// The decoded content.
    pub der: Vec<u8>,
}

/// The blocks of `text`, in order. Text around them is passed over, lines may be of any length and end
/// in CRLF; a block that is cut off or not base64 is left out. Headers (RFC 1421) are skipped.
pub fn blocks(text: &[u8]) -> Vec<Block> {
    let Ok(mut rest) = std::str::from_utf8(text.get(..MAX_TEXT).unwrap_or(text)) else { return Vec::new() };
    let mut blocks = Vec::new();
    // From end to end, so that any number of beginnings without one costs a single pass.
    while let Some((before, after)) = rest.split_once("-----END ") {
        rest = after;
        let begun = before.rsplit_once("-----BEGIN ").and_then(|(_, begun)| begun.split_once("-----"));
        let Some((label, content)) = begun else { continue };
        let Some(next) = after.strip_prefix(label).and_then(|after| after.strip_prefix("-----")) else {
            continue;
        };
        blocks.extend(decode(content).map(|der| Block { label: label.to_owned(), der }));
        rest = next;
    }
    blocks
}

fn decode(content: &str) -> Option<Vec<u8>> {
    let lines = content.lines().filter(|line| !line.contains(':'));
    let base64: String = lines.flat_map(str::chars).filter(|c| !c.is_ascii_whitespace()).collect();
    LENIENT.decode(base64).ok()
}

/// One block: lines of 64 characters, each ended by a line feed.
pub fn encode(label: &str, der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(LINE.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = next;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let der = vec![7; 100];
        let text = encode("CERTIFICATE", &der);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(blocks(text.as_bytes()), [Block { label: "CERTIFICATE".into(), der }]);
    }

    #[test]
    fn reads_what_clients_write() {
        let unwrapped = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            BASE64_STANDARD.encode([1; 91])
        );
        assert_eq!(blocks(unwrapped.as_bytes())[0].der, [1; 91]);
        let windows = encode("PUBLIC KEY", &[2; 91]).replace('\n', "\r\n");
        let around = format!("\n\nsubject: me\n{windows}trailing");
        assert_eq!(blocks(around.as_bytes())[0].der, [2; 91]);
        assert!(blocks(b"-----BEGIN A-----\nAAAA").is_empty());
        assert!(blocks(b"-----BEGIN A-----\n!\n-----END A-----\n").is_empty());
        assert!(blocks(b"-----BEGIN A-----\nAAAA\n-----END B-----\n").is_empty());
        let cut_off = format!("-----BEGIN A-----\nAAAA\n{windows}-----END A-----\n");
        assert_eq!(blocks(cut_off.as_bytes()).len(), 1);
    }
}
