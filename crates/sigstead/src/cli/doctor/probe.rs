use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner, random_bytes, sha256};
use sigstead_x509::Certificate;

/// An artifact that nobody signed before, a key for it alone, and the signature.
pub(super) struct Probe {
    pub(super) signer: SoftwareSigner,
    pub(super) digest: [u8; 32],
    pub(super) signature: Vec<u8>,
    /// Once the certificate authority has certified the key.
    pub(super) certificate: Option<Certificate>,
}

impl Probe {
    pub(super) fn new() -> anyhow::Result<Self> {
        let artifact = random_bytes::<32>()?;
        let signer = SoftwareSigner::generate(KeyKind::EcdsaP256)?;
        let signature = signer.sign_now(&artifact)?;
        Ok(Self { signer, digest: sha256(&artifact), signature, certificate: None })
    }

    /// The certificate, or else the key: a log takes either.
    pub(super) fn verifier_pem(&self) -> String {
        match &self.certificate {
            Some(certificate) => certificate.to_pem(),
            None => self.signer.public_key().to_pem(),
        }
    }
}
