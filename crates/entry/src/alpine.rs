//! alpine 0.0.1: a package of Alpine Linux (apk, version 2), signed with an RSA key.

mod package;
mod pkginfo;
mod tar;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::content::{Artifact, Content, artifact_complaint, check, content, no_content, required};
use crate::fields::Fields;
use crate::pki::Verifier;
use package::Package;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Alpine {
    key: Verifier,
    package: Artifact,
    /// What a committed entry says of the package.
    pkginfo: BTreeMap<String, String>,
}

impl Alpine {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let package = spec.object("package");
        // In this kind, an empty hash is none.
        let hash = package.object("hash");
        let is_empty = hash.is_present() && hash.text("algorithm").or(hash.text("value")).is_none();
        let key = content(spec.object("publicKey"), "public key content")?;
        let bytes = content(package, "package content")?;
        check([
            artifact_complaint(spec, "package").filter(|_| !is_empty),
            key.is_none().then(|| required("publicKey")),
        ])?;
        let key = Verifier::from_pem(&key.ok_or_else(|| no_content("publicKey"))?)?;
        let artifact = Artifact::new(bytes, hash, "package")?;
        Ok(Self { key, package: artifact, pkginfo: package.texts("pkginfo") })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.package.bytes.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let pkginfo = match &self.package.bytes {
            Some(bytes) => {
                let package = Package::parse(bytes)?;
                let verified = self.key.key.verify_rsa_sha1(package.control, &package.signature);
                verified.map_err(|_| Rejection::entry("crypto/rsa: verification error"))?;
                package.info
            }
            None => self.pkginfo,
        };
        let mut search_values: Vec<String> = self.key.search_values().collect();
        search_values.push(self.package.hash.prefixed());
        let spec = Spec {
            package: PackageSpec { hash: self.package.hash, pkginfo },
            public_key: Content::of(self.key.canonical()),
        };
        Ok(Canonical::new("alpine", "0.0.1", spec, search_values)?.with_fields(self.key.search_fields()))
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
    #[serde(serialize_with = "in_order", skip_serializing_if = "BTreeMap::is_empty")]
    pkginfo: BTreeMap<String, String>,
}

/// By the UTF-16 of the names, the order of RFC 8785: they are whatever a package writes.
fn in_order<S: Serializer>(texts: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut texts: Vec<_> = texts.iter().collect();
    texts.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    serializer.collect_map(texts)
}
