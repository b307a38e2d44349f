//! What signs an archive: a block (PKCS#7) over a signature file, whose digests are of the manifest, whose digests are of
//! the files.

use std::collections::BTreeMap;

use super::archive::{Archive, File};
use super::manifest::{Manifest, Section};
use crate::Rejection;
use crate::pki::Pkcs7;

/// Most bytes in each file that describes the archive: Rekor's default.
const MAX_METADATA: usize = 1 << 20;

/// The one signature of the archive. Files that the manifest does not name are not covered, as in Java.
pub(super) fn verify(archive: &Archive<'_>) -> Result<Pkcs7, Rejection> {
    let Metadata { manifest, signed, block } = Metadata::find(archive)?;
    let (signed, block, manifest) =
        (archive.unpack(signed)?, archive.unpack(block)?, archive.unpack(manifest)?);
    let signature = Pkcs7::verify(&block, &signed)?;
    let files = Manifest::parse(&signed)
        .and_then(|signed| check_manifest(&signed, &manifest))
        .and_then(|()| Manifest::parse(&manifest))
        .map_err(Rejection::entry)?
        .files;
    check_files(archive, &files)?;
    Ok(signature)
}

/// The files that a signature consists of.
struct Metadata<'a> {
    manifest: &'a File<'a>,
    signed: &'a File<'a>,
    block: &'a File<'a>,
}

impl<'a> Metadata<'a> {
    fn find(archive: &'a Archive<'_>) -> Result<Self, Rejection> {
        let mut manifest = None;
        let (mut signed, mut blocks) = (BTreeMap::new(), Vec::new());
        for file in &archive.files {
            let name = file.name.to_ascii_uppercase();
            let Some(name) = name.strip_prefix(FOLDER).filter(|name| !name.contains(&b'/')) else { continue };
            let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { continue };
            if file.size > MAX_METADATA {
                return Err(Rejection::entry(format!(
                    "uncompressed jar metadata of size {} exceeds max allowed size {MAX_METADATA}",
                    file.size
                )));
            }
            let (base, extension) = name.split_at(dot);
            match extension {
                _ if name == b"MANIFEST.MF" => manifest = Some(file),
                b".SF" => drop(signed.insert(base.to_vec(), file)),
                b".RSA" | b".DSA" | b".EC" => blocks.push((base.to_vec(), file)),
                _ if name.starts_with(b"SIG-") => blocks.push((base.to_vec(), file)),
                _ => {}
            }
        }
        let manifest = manifest.ok_or_else(|| Rejection::entry("JAR contains no META-INF/MANIFEST.MF"))?;
        let (base, signed) = match (signed.pop_first(), signed.is_empty()) {
            (Some(only), true) => only,
            (Some(_), false) => return Err(Rejection::entry(SEVERAL)),
            (None, _) => return Err(Rejection::entry("JAR contains no signatures")),
        };
        match blocks.as_slice() {
            [(of, block)] if *of == base => Ok(Self { manifest, signed, block }),
            // Rekor would log the first one, which need not be the one that it has checked.
            blocks if blocks.iter().any(|(of, _)| *of == base) => Err(Rejection::entry(SEVERAL)),
            _ => Err(Rejection::entry(format!(
                "JAR contains sigfile META-INF/{}.SF with no matching signature",
                String::from_utf8_lossy(&base)
            ))),
        }
    }
}

/// A signature file must have the digest of the manifest, or else those of its main attributes and of each section
/// that it names.
fn check_manifest(signed: &Manifest<'_>, text: &[u8]) -> Result<(), String> {
    let whole = signed.main.digests("-Manifest").map_err(|why| format!("manifest signature: {why}"))?;
    if !whole.is_empty() {
        return whole.check_over(text).map_err(|why| format!("manifest signature: {why}"));
    }
    let manifest = Manifest::parse(text)?;
    signed
        .main
        .digests("-Manifest-Main-Attributes")
        .and_then(|digests| digests.check_over(manifest.main.raw))
        .map_err(|why| format!("manifest main attributes signature: {why}"))?;
    for (name, digests) in &signed.files {
        let section = manifest.files.get(name);
        let section = section.ok_or_else(|| format!("manifest is missing signed section \"{name}\""))?;
        let checked = digests.digests("").and_then(|digests| digests.check_over(section.raw));
        checked.map_err(|why| format!("manifest signature over section \"{name}\": {why}"))?;
    }
    Ok(())
}

/// Every file that the manifest names must be there and have its digests.
fn check_files(archive: &Archive<'_>, sections: &BTreeMap<String, Section<'_>>) -> Result<(), Rejection> {
    let by_name: BTreeMap<&[u8], &File<'_>> = archive.files.iter().map(|file| (file.name, file)).collect();
    for (name, section) in sections {
        if section.attribute("Magic").is_some_and(|magic| !magic.is_empty()) {
            continue;
        }
        let file = by_name.get(name.as_bytes());
        let file = file.ok_or_else(|| Rejection::entry(format!("file {name} is in manifest but not JAR")))?;
        let checked = section.digests("").and_then(|mut digests| {
            archive.unpack_into(file, |piece| digests.update(piece)).map_err(|why| why.to_string())?;
            digests.check()
        });
        checked.map_err(|why| Rejection::entry(format!("file \"{name}\" in MANIFEST.MF: {why}")))?;
    }
    Ok(())
}

const FOLDER: &[u8] = b"META-INF/";
const SEVERAL: &str = "multiple signatures detected in JAR; unable to process";
