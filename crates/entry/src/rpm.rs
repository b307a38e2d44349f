//! rpm 0.0.1: a package that carries its PGP signature in itself.

mod header;

use std::collections::BTreeMap;

use pgp::crypto::hash::HashAlgorithm;
use serde::Serialize;
use serde_json::Value;

use crate::canonical::{Canonical, Hash};
use crate::content::{Artifact, Content, artifact_complaint, check, content, no_content, required};
use crate::fields::Fields;
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
    package: Artifact,
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
        let key_bytes = key_bytes.ok_or_else(|| no_content("publicKey"))?;
        let artifact = Artifact::new(content, package.object("hash"), "package")?;
        Ok(Self { key: Key::parse(&key_bytes)?, package: artifact, headers: package.texts("headers") })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.package.bytes.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let headers = match &self.package.bytes {
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
        search_values.push(self.package.hash.prefixed());
        let spec =
            Spec { package: PackageSpec { hash: self.package.hash, headers }, public_key: Content::of(key) };
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

fn validate(spec: Fields<'_>, has_key: bool) -> Result<(), Rejection> {
    let key = spec.object("publicKey");
    let of_key = match (key.is_present(), has_key) {
        (false, _) => Some(required("publicKey")),
        (true, false) => Some(required("publicKey.publicKey.content")),
        (true, true) => None,
    };
    check([artifact_complaint(spec, "package"), of_key])
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
