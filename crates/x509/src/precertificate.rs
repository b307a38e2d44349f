//! Precertificates (RFC 6962 §3.1): the poison, and the bytes that a CT log signs.

use sigstead_crypto::sha256;

use crate::build::{Extension, encode};
use crate::tlv::{self, SEQUENCE};
use crate::{Certificate, X509Error, oid};

/// The critical extension that keeps a precertificate from being used.
pub fn poison() -> Extension {
    Extension { id: oid::POISON, critical: true, value: vec![5, 0] }
}

/// Whether the certificate carries the poison, critical and well formed.
pub fn is_precertificate(certificate: &Certificate) -> bool {
    certificate.extension(oid::POISON) == Some((true, &[5, 0]))
}

/// The TBS of a precertificate without its poison; everything else as encoded.
///
/// # Errors
/// When there is no poison.
pub fn tbs_without_poison(certificate: &Certificate) -> Result<Vec<u8>, X509Error> {
    without_extension(certificate.tbs_der(), &encode(&oid::POISON)?)
}

/// The TBS of a certificate without its SCT list; everything else as encoded.
///
/// # Errors
/// When there is no SCT list.
pub fn tbs_without_scts(certificate: &Certificate) -> Result<Vec<u8>, X509Error> {
    without_extension(certificate.tbs_der(), &encode(&oid::SCT_LIST)?)
}

/// SHA-256 of the issuer's public key info, which binds a precertificate entry to its issuer.
pub fn issuer_key_hash(issuer: &Certificate) -> [u8; 32] {
    sha256(issuer.spki_der())
}

fn without_extension(tbs: &[u8], id: &[u8]) -> Result<Vec<u8>, X509Error> {
    cut(tbs, id)
        .ok_or_else(|| X509Error::malformed("the certificate", "it lacks the extension that should go"))
}

/// Re-encodes only the lengths around the extension that goes.
fn cut(tbs: &[u8], id: &[u8]) -> Option<Vec<u8>> {
    let fields = tlv::elements(tlv::single(tbs)?.content)?;
    let (last, before) = fields.split_last().filter(|(last, _)| last.tag == tlv::context(3))?;
    let extensions = tlv::elements(tlv::single(last.content)?.content)?;
    let (gone, kept): (Vec<&tlv::Element<'_>>, Vec<_>) =
        extensions.iter().partition(|extension| extension.content.starts_with(id));
    if gone.len() != 1 {
        return None;
    }
    let list = tlv::wrap(SEQUENCE, &kept.iter().map(|extension| extension.raw).collect::<Vec<_>>().concat());
    let mut content: Vec<u8> = before.iter().map(|field| field.raw).collect::<Vec<_>>().concat();
    if !kept.is_empty() {
        content.extend(tlv::wrap(tlv::context(3), &list));
    }
    Some(tlv::wrap(SEQUENCE, &content))
}
