//! A text with a signature below it (RFC 9580, section 7).

use super::Signature;
use crate::Rejection;

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";

/// The text and its signature, apart.
#[derive(Debug, Clone)]
pub(crate) struct ClearSigned {
    /// The text, lines ended by `\n`.
    pub(crate) text: Vec<u8>,
    /// What is signed: the same, lines ended by `\r\n`.
    pub(crate) signed: Vec<u8>,
    pub(crate) signature: Signature,
}

impl ClearSigned {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        let undecodable = || Rejection::entry("unable to decode provenance file");
        let mut lines = bytes.split(|byte| *byte == b'\n').map(without_return);
        lines.find(|line| *line == BEGIN).ok_or_else(undecodable)?;
        // Headers name hash functions, which the signature names again.
        let mut headers = lines.by_ref().take_while(|line| !line.trim_ascii().is_empty());
        if !headers.all(|line| line.starts_with(b"Hash:")) {
            return Err(undecodable());
        }
        let text: Vec<&[u8]> =
            lines.by_ref().take_while(|line| *line != BEGIN_SIGNATURE).map(unescaped).collect();
        let mut armor = BEGIN_SIGNATURE.to_vec();
        for line in lines {
            armor.push(b'\n');
            armor.extend_from_slice(line);
        }
        // The armor is read and written anew: what stands around it is none of the signature.
        let block = super::armor::blocks(&armor).next().flatten().ok_or_else(undecodable)?;
        let signature = Signature::parse(&block.data)?;
        Ok(Self { text: text.join(&b"\n"[..]), signed: text.join(&b"\r\n"[..]), signature })
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the escape of leading dashes and without what trails.
fn unescaped(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"- ").unwrap_or(line);
    let end = line.iter().rposition(|byte| !b" \t".contains(byte)).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}
