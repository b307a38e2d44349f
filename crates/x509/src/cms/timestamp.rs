//! A timestamp among the attributes that were added to a signature (RFC 3161, appendix A).

use const_oid::ObjectIdentifier;
use sigstead_crypto::HashAlgorithm;

use super::{CmsError, SignedData, SignerInfo, algorithm_of, attribute, parts};
use crate::tlv;

/// Checks that the timestamp, if there is one, is signed and of that signature. Whose it is, is not asked.
pub(super) fn verify(signer: &SignerInfo<'_>) -> Result<(), CmsError> {
    let Some(token) = attribute(signer.unsigned, TOKEN)? else { return Ok(()) };
    let token = SignedData::from_content_info(token.raw)?;
    token.verify()?;
    let (algorithm, imprint) = token.content.and_then(imprint).ok_or(CmsError::Malformed("not a TSTInfo"))?;
    let hash = HashAlgorithm::from_oid(&algorithm).ok_or(CmsError::Digest(algorithm))?;
    if hash.digest(signer.signature) == imprint { Ok(()) } else { Err(CmsError::OtherImprint) }
}

/// The algorithm and the digest in a TSTInfo (RFC 3161 §2.4.2).
fn imprint(info: &[u8]) -> Option<(ObjectIdentifier, &[u8])> {
    let fields = parts(&tlv::single(info)?, tlv::SEQUENCE)?;
    let [_version, _policy, imprint, ..] = fields.as_slice() else { return None };
    let imprint = parts(imprint, tlv::SEQUENCE)?;
    let [algorithm, digest] = imprint.as_slice() else { return None };
    (digest.tag == tlv::OCTET_STRING).then_some((algorithm_of(algorithm)?, digest.content))
}

const TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
