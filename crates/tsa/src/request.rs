use const_oid::ObjectIdentifier;
use der::Decode as _;
use der::asn1::Int;
use sigstead_crypto::HashAlgorithm;
use x509_cert::ext::Extension;

use crate::error::Error;
use crate::structures::{SHA_1, TimeStampReq};

/// Longest DER request that is looked at; a real one has about a hundred bytes.
const MAX_DER: usize = 64 * 1024;

/// A request, checked, from either format.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) algorithm: HashAlgorithm,
    /// As long as the algorithm's digests are.
    pub(crate) digest: Vec<u8>,
    pub(crate) policy: Option<ObjectIdentifier>,
    pub(crate) nonce: Option<Int>,
    pub(crate) wants_certificate: bool,
    pub(crate) extensions: Option<Vec<Extension>>,
}

impl Request {
    /// From a DER TimeStampReq (RFC 3161 §2.4.1).
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_DER {
            return Err(Error::TooLarge);
        }
        let sent = TimeStampReq::from_der(der)?;
        if sent.imprint.algorithm.oid == SHA_1 {
            return Err(Error::WeakHash);
        }
        let algorithm = HashAlgorithm::from_oid(&sent.imprint.algorithm.oid).ok_or(Error::UnknownHash)?;
        if sent.version != 1 {
            return Err(Error::Malformed);
        }
        Self {
            algorithm,
            digest: sent.imprint.digest.as_bytes().to_vec(),
            policy: sent.policy,
            nonce: sent.nonce,
            wants_certificate: sent.wants_certificate,
            extensions: sent.extensions,
        }
        .checked()
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        if self.digest.len() == self.algorithm.len() { Ok(self) } else { Err(Error::DigestLength) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120), place in 0usize..57) {
            let _ = Request::from_der(&bytes);
            // `openssl ts -query` over a SHA-256 digest, without nonce, asking for the certificate.
            let mut query = hex::decode("30390201013031300d06096086480165030402010500042000000000000000000000000000000000000000000000000000000000000000000101ff").unwrap_or_default();
            if let Some(byte) = query.get_mut(place) {
                *byte ^= 0x41;
            }
            let _ = Request::from_der(&query);
        }
    }
}
