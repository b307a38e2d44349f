//! Manifests and signature files (JAR File Specification): sections of attributes, and the digests among them. They are
//! cut apart as Rekor's library does, where digests are over the bytes of a section.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_crypto::{HashAlgorithm, Hasher};

/// Main attributes, and those of files.
pub(super) struct Manifest<'a> {
    pub(super) main: Section<'a>,
    pub(super) files: BTreeMap<String, Section<'a>>,
}

/// One section.
pub(super) struct Section<'a> {
    pub(super) raw: &'a [u8],
    /// By the names that [`canonical_name`] makes.
    attributes: BTreeMap<String, String>,
}

impl<'a> Manifest<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, String> {
        let mut sections = split(text)?.into_iter().map(Section::parse);
        let main = sections.next().ok_or("manifest has no sections")??;
        let mut files = BTreeMap::new();
        for section in sections {
            let section = section?;
            let name = section.attribute("Name").filter(|name| !name.is_empty());
            let name = name.ok_or("manifest has section with no \"Name\" attribute")?.to_owned();
            files.insert(name, section);
        }
        Ok(Self { main, files })
    }
}

impl<'a> Section<'a> {
    fn parse(raw: &'a [u8]) -> Result<Self, String> {
        let malformed = || "jar manifest is malformed".to_owned();
        // A line that is continued may be cut within a character.
        let text = String::from_utf8(unfolded(raw)).map_err(|_| malformed())?;
        let attribute = |line: &str| {
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            Ok((canonical_name(name.trim()), value.trim().to_owned()))
        };
        let attributes = text.split('\n').filter(|line| !line.is_empty()).map(attribute);
        Ok(Self { raw, attributes: attributes.collect::<Result<_, String>>()? })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// What the attributes that end in `-Digest` and `suffix` say; there may be none.
    pub(super) fn digests(&self, suffix: &str) -> Result<Digests<'_>, String> {
        let suffix = format!("-Digest{suffix}");
        let ours = self.attributes.iter().filter_map(|(name, value)| {
            name.strip_suffix(&suffix).map(|hash| (hash.to_ascii_uppercase(), name.as_str(), value.as_str()))
        });
        let digest = |(hash, name, value): (String, _, _)| match hasher(&hash) {
            Some(hasher) => Ok(Digest { name, value, hasher }),
            None => Err(format!("unknown digest key in manifest: {hash}")),
        };
        ours.map(digest).collect::<Result<_, _>>().map(Digests)
    }
}

/// Digests that something is said to have.
pub(super) struct Digests<'a>(Vec<Digest<'a>>);

struct Digest<'a> {
    name: &'a str,
    value: &'a str,
    hasher: Hasher,
}

impl Digests<'_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        self.0.iter_mut().for_each(|digest| digest.hasher.update(piece));
    }

    /// Whether all are right, of which there must be one.
    pub(super) fn check(self) -> Result<(), String> {
        if self.is_empty() {
            return Err("no recognized digests found".to_owned());
        }
        self.0.into_iter().try_for_each(|Digest { name, value, hasher }| {
            let computed = BASE64_STANDARD.encode(hasher.finish());
            if computed == value {
                Ok(())
            } else {
                Err(format!("{name} mismatch: manifest {value} != calculated {computed}"))
            }
        })
    }

    /// Whether `content` has them all.
    pub(super) fn check_over(mut self, content: &[u8]) -> Result<(), String> {
        self.update(content);
        self.check()
    }
}

/// By the names that manifests give hashes.
fn hasher(name: &str) -> Option<Hasher> {
    match name.replacen('-', "", 1).as_str() {
        "SHA1" => Some(Hasher::sha1()),
        "SHA256" => Some(HashAlgorithm::Sha256.hasher()),
        "SHA384" => Some(HashAlgorithm::Sha384.hasher()),
        "SHA512" => Some(HashAlgorithm::Sha512.hasher()),
        _ => None,
    }
}

/// Sections with the empty line that ends each. Where that is `\r\n` once, it is taken to be everywhere before.
fn split(mut text: &[u8]) -> Result<Vec<&[u8]>, String> {
    let find = |text: &[u8], end: &[u8]| {
        text.windows(end.len()).position(|part| part == end).map(|place| place + end.len())
    };
    let mut sections = Vec::new();
    let mut has_returns = true;
    while !text.is_empty() {
        let end = if has_returns { find(text, b"\r\n\r\n") } else { None };
        has_returns = end.is_some();
        let end = end.or_else(|| find(text, b"\n\n"));
        let (section, rest) = end.and_then(|end| text.split_at_checked(end)).ok_or(LINE_ENDINGS)?;
        if section.trim_ascii().is_empty() {
            return Err(LINE_ENDINGS.to_owned());
        }
        sections.push(section);
        text = rest;
    }
    Ok(sections)
}

/// Lines ended by `\n`, none of them continued.
fn unfolded(section: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(section.len());
    let lines = section.split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    text.extend_from_slice(lines.next().unwrap_or_default());
    for line in lines {
        match line {
            [b' ', continued @ ..] => text.extend_from_slice(continued),
            _ => {
                text.push(b'\n');
                text.extend_from_slice(line);
            }
        }
    }
    text
}

/// `SHA-256-DIGEST` as `Sha-256-Digest`, which complaints call it; names of other characters stay.
fn canonical_name(name: &str) -> String {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
        return name.to_owned();
    }
    let mut starts = true;
    let cased = name.chars().map(|c| {
        let cased = if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        starts = c == '-';
        cased
    });
    cased.collect()
}

const LINE_ENDINGS: &str = "manifest has incorrect line ending sequence";
