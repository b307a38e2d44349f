//! PKCS#7 (CMS, RFC 5652) as Java archives are signed with it: the signature brings its certificates.

use sigstead_crypto::pem;
use sigstead_x509::Certificate;
use sigstead_x509::cms::{CmsError, SignedData};

use super::Verifier;
use crate::Rejection;

/// A signature without what it signs.
#[derive(Debug, Clone)]
pub(crate) struct Pkcs7 {
    detached: Vec<u8>,
    /// The one that stands first; that need not be the signer's.
    first: Certificate,
    signer: Verifier,
}

impl Pkcs7 {
    /// From PEM or DER; nothing is checked.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        match pem::blocks(bytes).as_slice() {
            [] => Self::new(&SignedData::from_content_info(bytes).map_err(rejected)?),
            [block, ..] if block.label == LABEL => {
                Self::new(&SignedData::from_content_info(&block.der).map_err(rejected)?)
            }
            [block, ..] => Err(Rejection::entry(format!(
                "unknown PEM block type {} found during PKCS7 parsing",
                block.label
            ))),
        }
    }

    /// From DER, if it is right over `content`. By the certificate inside; who certified that is not asked.
    pub(crate) fn verify(der: &[u8], content: &[u8]) -> Result<Self, Rejection> {
        let signed = SignedData::from_content_info(der).map_err(rejected)?;
        signed.verify_detached(content).map_err(rejected)?;
        Self::new(&signed)
    }

    fn new(signed: &SignedData<'_>) -> Result<Self, Rejection> {
        let first = signed.certificates().map_err(rejected)?.first().ok_or_else(|| {
            Rejection::entry("unable to extract public key from certificate inside PKCS7 bundle")
        })?;
        let signer = Verifier::from_certificate_der(signed.signer().map_err(rejected)?.der())?;
        Ok(Self { detached: signed.detached(), first: first.clone(), signer })
    }

    /// In PEM.
    pub(crate) fn canonical(&self) -> String {
        pem::encode(LABEL, &self.detached)
    }

    /// What Rekor keeps as the key.
    pub(crate) fn canonical_key(&self) -> String {
        self.first.to_pem()
    }

    pub(crate) const fn signer(&self) -> &Verifier {
        &self.signer
    }
}

fn rejected(error: CmsError) -> Rejection {
    Rejection::entry(error.to_string())
}

const LABEL: &str = "PKCS7";
