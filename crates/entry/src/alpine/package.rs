//! The parts of a package: three gzip members, of which the first holds a signature over the bytes of the second,
//! and the second the hash of the third.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};

use flate2::bufread::GzDecoder;
use hex::FromHexError;
use sigstead_crypto::{pem, sha256};

use super::{pkginfo, tar};
use crate::Rejection;

/// Most bytes in the first member, in a signature and in a `.PKGINFO`: Rekor's default.
const MAX_METADATA: usize = 1 << 20;
/// Most bytes in the second member, which also holds the scripts that a package runs; Rekor sets no limit.
const MAX_CONTROL: usize = 8 << 20;

const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// A package whose data is what its `.PKGINFO` says; nothing vouches for that yet.
pub(super) struct Package<'a> {
    pub(super) signature: Vec<u8>,
    /// What is signed.
    pub(super) control: &'a [u8],
    pub(super) info: BTreeMap<String, String>,
}

impl<'a> Package<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejection> {
        if !bytes.starts_with(&GZIP) {
            return Err(Rejection::entry("create gzip reader: gzip: invalid header"));
        }
        let (signatures, rest) = member(bytes, "signature.tar.gz", MAX_METADATA)?;
        let (about, data) = match rest {
            [] => (Vec::new(), rest),
            _ if rest.starts_with(&GZIP) => member(rest, "control.tar.gz", MAX_CONTROL)?,
            _ => return Err(Rejection::entry("resetting to control.tar.gz: gzip: invalid header")),
        };
        let control = rest.get(..rest.len() - data.len()).unwrap_or_default();
        let signature = signature(&signatures)?;
        let info = info(&about)?;
        let claimed = data_hash(info.get("datahash").map_or("", String::as_str))?;
        let computed = sha256(data);
        if claimed != computed {
            return Err(Rejection::entry(format!(
                "checksum for data.tar.gz ({}) does not match value from .PKGINFO ({})",
                hex::encode(computed),
                hex::encode(claimed)
            )));
        }
        Ok(Self { signature, control, info })
    }
}

/// What the gzip member at the beginning of `bytes` holds, and what follows it.
fn member<'a>(bytes: &'a [u8], name: &str, most: usize) -> Result<(Vec<u8>, &'a [u8]), Rejection> {
    let mut rest = bytes;
    let mut held = Vec::new();
    let limit = u64::try_from(most + 1).unwrap_or(u64::MAX);
    GzDecoder::new(&mut rest).take(limit).read_to_end(&mut held).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::UnexpectedEof => "unexpected EOF",
            _ => "gzip: invalid checksum",
        };
        Rejection::entry(format!("reading {name}: {why}"))
    })?;
    if held.len() > most {
        let length = held.len();
        return Err(Rejection::entry(format!(
            "decompressed size ({length}) for {name} exceeds max allowed size {most}"
        )));
    }
    Ok((held, rest))
}

/// The first signature, raw or in PEM.
fn signature(archive: &[u8]) -> Result<Vec<u8>, Rejection> {
    let files = tar::files(archive).map_err(in_archive)?;
    let found = files.iter().find(|file| file.name.starts_with(b".SIGN"));
    let found = found.ok_or_else(|| Rejection::entry("no signature detected in alpine package"))?.content;
    Ok(pem::blocks(found).into_iter().next().map_or_else(|| found.to_vec(), |block| block.der))
}

fn info(archive: &[u8]) -> Result<BTreeMap<String, String>, Rejection> {
    let files = tar::files(archive).map_err(in_archive)?;
    let found = files.iter().rfind(|file| file.name == b".PKGINFO");
    let found = found.ok_or_else(|| Rejection::entry(".PKGINFO file was not located"))?.content;
    if found.len() > MAX_METADATA {
        let length = found.len();
        return Err(Rejection::entry(format!(
            "uncompressed .PKGINFO file size {length} exceeds max allowed size {MAX_METADATA}"
        )));
    }
    let failed = |why: &str| Rejection::entry(format!("parsing .PKGINFO: {why}"));
    let text = std::str::from_utf8(found).map_err(|_| failed("it is not UTF-8"))?;
    pkginfo::parse(text).map_err(|why| failed(&why))
}

fn data_hash(hex: &str) -> Result<Vec<u8>, Rejection> {
    hex::decode(hex).map_err(|error| {
        let why = match error {
            FromHexError::InvalidHexCharacter { c, .. } => {
                format!("invalid byte: U+{:04X} '{c}'", u32::from(c))
            }
            _ => "odd length hex string".to_owned(),
        };
        Rejection::entry(format!("parsing datahash: encoding/hex: {why}"))
    })
}

fn in_archive(why: &str) -> Rejection {
    Rejection::entry(format!("getting next entry in tar archive: {why}"))
}
