use der::asn1::{Int, OctetString};
use der::{Any, Decode as _, Encode as _};
use sigstead_clock::Timestamp;
use sigstead_crypto::{HashAlgorithm, random_bytes};
use sigstead_x509::cms::{CmsError, SignedData};
use sigstead_x509::{Certificate, ChainError, ChainRules, Purpose, validate_chain};
use spki::AlgorithmIdentifierOwned;
use thiserror::Error;

use crate::structures::{MessageImprint, RefusedResp, TimeStampReq, TimeStampResp, TstInfo};

/// Asks a timestamp authority as a client does, and judges its answer.
#[derive(Debug, Clone)]
pub struct Query(TimeStampReq);

/// Why an answer is not believed.
#[derive(Debug, Error)]
pub enum QueryError {
    /// Not what RFC 3161 describes.
    #[error("the answer is no timestamp response: {0}")]
    Malformed(#[from] der::Error),
    /// No token.
    #[error("the authority refused: {0}")]
    Refused(String),
    /// The token's signature.
    #[error("the token does not verify: {0}")]
    Token(#[from] CmsError),
    /// Another message, or the answer to another question.
    #[error("the token is not for this question")]
    OtherQuestion,
    /// Not the certificate that was expected.
    #[error("the token is signed by another certificate than the first of the trusted chain")]
    OtherSigner,
    /// The trusted chain does not carry the signature.
    #[error("the trusted chain: {0}")]
    Chain(#[from] ChainError),
    /// No time that can be told.
    #[error("the token's time is out of range")]
    Time,
}

impl Query {
    /// For a timestamp over `message`, with its signing certificate.
    ///
    /// # Errors
    /// When the system has no randomness to give, for the nonce.
    pub fn over(message: &[u8]) -> Result<Self, sigstead_crypto::SignError> {
        let mut nonce = random_bytes::<8>()?;
        // Positive, and no octet too long (X.690 §8.3.2).
        if let Some(first) = nonce.first_mut() {
            *first = *first & 0x7f | 0x40;
        }
        let encoded = |_| sigstead_crypto::SignError::new("the timestamp request could not be encoded");
        Ok(Self(TimeStampReq {
            version: 1,
            imprint: MessageImprint {
                algorithm: AlgorithmIdentifierOwned {
                    oid: HashAlgorithm::Sha256.oid(),
                    parameters: Some(Any::null()),
                },
                digest: OctetString::new(HashAlgorithm::Sha256.digest(message)).map_err(encoded)?,
            },
            policy: None,
            nonce: Some(Int::new(&nonce).map_err(encoded)?),
            wants_certificate: true,
            extensions: None,
        }))
    }

    /// TimeStampReq in DER.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>, QueryError> {
        Ok(self.0.to_der()?)
    }

    /// Checks a TimeStampResp against a trusted chain, first certificate first; the time in it.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn check(&self, response: &[u8], chain: &[Certificate]) -> Result<Timestamp, QueryError> {
        if let Ok(refused) = RefusedResp::from_der(response) {
            return Err(QueryError::Refused(refused.status.text.join(", ")));
        }
        let token = TimeStampResp::from_der(response)?.token.to_der()?;
        let signed = SignedData::from_content_info(&token)?;
        signed.verify()?;
        let info = TstInfo::from_der(signed.content().ok_or(CmsError::NoContent)?)?;
        if info.imprint.digest != self.0.imprint.digest || info.nonce != self.0.nonce {
            return Err(QueryError::OtherQuestion);
        }
        if Some(signed.signer()?) != chain.first() {
            return Err(QueryError::OtherSigner);
        }
        let seconds = info.time.to_unix_duration().as_secs();
        let at = i64::try_from(seconds).map_err(|_| QueryError::Time)?;
        validate_chain(chain, ChainRules { purpose: Purpose::Timestamping, at })?;
        Ok(Timestamp::from_seconds(seconds))
    }
}
