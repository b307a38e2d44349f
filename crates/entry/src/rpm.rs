//! rpm 0.0.1: a package that carries its PGP signature in itself.

mod header;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pgp::crypto::hash::HashAlgorithm;
use serde::Serialize;
use serde_json::Value;

use crate::canonical::{Canonical, Hash};
use crate::fields::{Fields, decode_base64, is_sha256};
use crate::pki::key_search_values;
use crate::pki::pgp::Key;
use crate::{Rejection, SearchField};
use header::{Header, Package};

/// Tags of the signature header: signatures over the header, then over header and payload.
const HEADER_SIGNATURES: [u32; 2] = [268, 267];
const PAYLOAD_SIGNATURES: [u32; 2] = [1002, 1005];
const SIGNATURE_MD5: u32 = 1004;
const HEADER_SHA1: u32 = 269;
const HEADER_SHA256: u32 = 273;
/// Tags of the header.
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCHITECTURE: u32 = 1022;
const PAYLOAD_DIGEST: u32 = 5092;
const PAYLOAD_DIGEST_ALGORITHM: u32 = 5093;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Rpm {
    key: Key,
    hash: Hash,
    /// The package; a committed entry lacks it.
    content: Option<Vec<u8>>,
    /// What a committed entry says of it.
    headers: BTreeMap<String, String>,
}

impl Rpm {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let (package, key) = (spec.object("package"), spec.object("publicKey"));
        let key_bytes = content(key, "publicKey content")?;
        let content = content(package, "package content")?;
        validate(spec, key_bytes.is_some())?;
        let missing = |what| move || Rejection::entry(format!("'content' must be specified for {what}"));
        let key_bytes = key_bytes.ok_or_else(missing("publicKey"))?;
        let given = package.object("hash").text("value");
        if given.is_some_and(|given| !is_sha256(given)) {
            return Err(Rejection::entry("invalid value for hash"));
        }
        let hash = match (content.as_deref().map(Hash::sha256_of), given) {
            (Some(computed), Some(given)) if computed.value != given => {
                return Err(Rejection::entry(format!("SHA mismatch: {} != {given}", computed.value)));
            }
            (Some(computed), _) => computed,
            (None, Some(given)) => Hash { algorithm: "sha256".to_owned(), value: given.to_owned() },
            (None, None) => return Err(missing("package")()),
        };
        let headers = package.value("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Ok(Self { key: Key::parse(&key_bytes)?, hash, content, headers: headers.collect() })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.content.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let headers = match &self.content {
            Some(content) => {
                let package = Package::parse(content)?;
                verify(&package, &self.key)?;
                names(&package)?
            }
            None => self.headers,
        };
        let key = self.key.canonical();
        let emails = self.key.emails();
        let fields = emails.clone().into_iter().map(|email| (SearchField::Subject, email));
        let mut search_values: Vec<String> = key_search_values(&key, emails).collect();
        search_values.push(self.hash.prefixed().to_ascii_lowercase());
        let spec = Spec {
            package: PackageSpec { hash: self.hash, headers },
            public_key: Content { content: BASE64_STANDARD.encode(key) },
        };
        Ok(Canonical::new("rpm", "0.0.1", spec, search_values)?.with_fields(fields))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    package: PackageSpec,
    public_key: Content,
}

#[derive(Serialize)]
struct PackageSpec {
    hash: Hash,
    headers: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Content {
    content: String,
}

/// An object's `content`; an empty one is an absent one.
fn content(object: Fields<'_>, what: &str) -> Result<Option<Vec<u8>>, Rejection> {
    let text = object.text("content").filter(|text| !text.is_empty());
    let failed = |why| Rejection::entry(format!("failed parsing base64 data for {what}: {why}"));
    text.map(|text| decode_base64(text).map_err(failed)).transpose()
}

fn validate(spec: Fields<'_>, has_key: bool) -> Result<(), Rejection> {
    let key = spec.object("publicKey");
    let complaints = [
        (!spec.object("package").is_present(), "package"),
        (!key.is_present(), "publicKey"),
        (key.is_present() && !has_key, "publicKey.publicKey.content"),
    ];
    let complaints = complaints.into_iter().filter(|(is_missing, _)| *is_missing);
    let complaints: Vec<String> = complaints.map(|(_, name)| format!("{name} in body is required")).collect();
    if complaints.is_empty() { Ok(()) } else { Err(Rejection::validation(&complaints)) }
}

/// The digests, and every signature, of which there must be one.
fn verify(package: &Package<'_>, key: &Key) -> Result<(), Rejection> {
    check_header_digest(package)?;
    check_payload_digest(package)?;
    let over_header = HEADER_SIGNATURES.map(|tag| (tag, package.header_bytes));
    let over_all = PAYLOAD_SIGNATURES.map(|tag| (tag, package.header_and_payload));
    let mut verified = 0;
    for (tag, signed) in over_header.into_iter().chain(over_all) {
        if package.signatures.has(tag) {
            let signature = package.signatures.bytes(tag);
            let signature = signature.ok_or_else(|| Rejection::entry("unsupported datatype for bytes"))?;
            key.verify_packet(signature, signed)?;
            verified += 1;
        }
    }
    if verified == 0 {
        return Err(Rejection::entry("no supported PGP signature found in RPM"));
    }
    Ok(())
}

fn check_header_digest(package: &Package<'_>) -> Result<(), Rejection> {
    let digests =
        [(HEADER_SHA256, HashAlgorithm::Sha256, "SHA-256"), (HEADER_SHA1, HashAlgorithm::Sha1, "SHA-1")];
    let given = |tag| package.signatures.text(tag).filter(|digest| !digest.is_empty());
    for (tag, algorithm, name) in digests {
        if let Some(digest) = given(tag) {
            // A single letter is taken for no digest.
            if digest.len() > 1 && hex_digest(algorithm, package.header_bytes).as_deref() != Some(digest) {
                return Err(Rejection::entry(format!("{name} mismatch in signature header")));
            }
            break;
        }
    }
    Ok(())
}

fn check_payload_digest(package: &Package<'_>) -> Result<(), Rejection> {
    let algorithm =
        package.header.number(PAYLOAD_DIGEST_ALGORITHM).and_then(|number| u8::try_from(number).ok());
    let digest = package.header.text(PAYLOAD_DIGEST);
    if let (Some(number @ (1 | 2 | 8..=11)), Some(digest)) = (algorithm, digest) {
        let algorithm = HashAlgorithm::from(number);
        if hex_digest(algorithm, package.payload).as_deref() != Some(digest) {
            let name = algorithm.to_string().replace("SHA", "SHA-");
            return Err(Rejection::entry(format!("payload {name} digest mismatch")));
        }
        return Ok(());
    }
    let md5 = package.signatures.bytes(SIGNATURE_MD5).filter(|md5| !md5.is_empty());
    let md5 = md5.ok_or_else(|| Rejection::entry("no usable payload digest found"))?;
    match HashAlgorithm::Md5.digest(package.header_and_payload) {
        Ok(computed) if computed == md5 => Ok(()),
        _ => Err(Rejection::entry("md5 digest mismatch")),
    }
}

fn hex_digest(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<String> {
    algorithm.digest(bytes).ok().map(hex::encode)
}

/// What the leaf says of the package.
fn names(package: &Package<'_>) -> Result<BTreeMap<String, String>, Rejection> {
    let text = |header: &Header<'_>, tag| {
        header.text(tag).map(str::to_owned).ok_or_else(|| Rejection::entry(format!("no such entry {tag}")))
    };
    let header = &package.header;
    let mut names = BTreeMap::from([
        ("Architecture".to_owned(), text(header, ARCHITECTURE)?),
        ("Epoch".to_owned(), header.number(EPOCH).unwrap_or_default().to_string()),
        ("Name".to_owned(), text(header, NAME)?),
        ("Release".to_owned(), text(header, RELEASE)?),
        ("Version".to_owned(), text(header, VERSION)?),
    ]);
    if let Some(md5) = package.signatures.bytes(SIGNATURE_MD5).filter(|md5| !md5.is_empty()) {
        names.insert("RPMSIGTAG_MD5".to_owned(), hex::encode(md5));
    }
    Ok(names)
}
