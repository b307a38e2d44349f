//! jar 0.0.1: a Java archive that carries its signature, and the certificate that verifies it, in itself.

mod archive;
mod manifest;
mod signature;

use serde::Serialize;
use serde_json::Value;
use sigstead_crypto::sha256;

use crate::Rejection;
use crate::canonical::{Canonical, Hash};
use crate::content::{Artifact, Signature, artifact_complaint, check, content, no_content, required};
use crate::fields::Fields;
use crate::pki::Pkcs7;
use archive::Archive;

/// Decoded; nothing believed yet.
#[derive(Debug, Clone)]
pub(crate) struct Jar {
    archive: Artifact,
    /// What a committed entry says of the archive.
    signature: Vec<u8>,
}

impl Jar {
    pub(crate) fn parse(spec: &Value) -> Result<Self, Rejection> {
        let spec = Fields::of(Some(spec));
        let (archive, signature) = (spec.object("archive"), spec.object("signature"));
        let signed = content(signature, "signature content")?;
        let key = content(signature.object("publicKey"), "signature publicKey content")?;
        let bytes = content(archive, "archive content")?;
        check([
            artifact_complaint(spec, "archive"),
            signature_complaint(signature, signed.is_some(), key.is_some()),
        ])?;
        // `package` is Rekor's word for it here.
        if bytes.is_none() && signed.is_none() {
            return Err(no_content("package"));
        }
        let archive = Artifact::new(bytes, archive.object("hash"), "package")?;
        Ok(Self { archive, signature: signed.unwrap_or_default() })
    }

    pub(crate) const fn is_insertable(&self) -> bool {
        self.archive.bytes.is_some()
    }

    pub(crate) fn verify(self) -> Result<Canonical, Rejection> {
        let signed = match &self.archive.bytes {
            Some(bytes) => signature::verify(&Archive::parse(bytes)?)?,
            None => Pkcs7::parse(&self.signature)?,
        };
        let (signature, signer) = (signed.canonical(), signed.signer());
        // Rekor's index has the signature's hash where other kinds have the key's.
        let mut search_values = vec![hex::encode(sha256(signature.as_bytes()))];
        search_values.extend(signer.search_values());
        search_values.push(self.archive.hash.prefixed());
        let spec = Spec {
            archive: ArchiveSpec { hash: self.archive.hash },
            signature: Signature::of(signature, signed.canonical_key()),
        };
        Ok(Canonical::new("jar", "0.0.1", spec, search_values)?.with_fields(signer.search_fields()))
    }
}

#[derive(Serialize)]
struct Spec {
    archive: ArchiveSpec,
    signature: Signature,
}

#[derive(Serialize)]
struct ArchiveSpec {
    hash: Hash,
}

/// The first complaint about a signature, which only committed entries have.
fn signature_complaint(signature: Fields<'_>, has_content: bool, has_key: bool) -> Option<String> {
    let path = "signature.signature";
    match (has_content, signature.object("publicKey").is_present(), has_key) {
        _ if !signature.is_present() => None,
        (false, _, _) => Some(required(&format!("{path}.content"))),
        (_, false, _) => Some(required(&format!("{path}.publicKey"))),
        (_, _, false) => Some(required(&format!("{path}.publicKey.signature.publicKey.content"))),
        _ => None,
    }
}
