//! A root, an issuing CA and what it signs, with the extensions that a test wants.

use std::time::Duration;

use sigstead_crypto::{KeyKind, Signer as _, SoftwareSigner};
use sigstead_x509::authority::{self, Profile};
use sigstead_x509::build::{self, Extension, TbsFields, sign_certificate};
use sigstead_x509::{Certificate, SubjectAlternativeName, oid};

/// 2027-01-15, when every test certificate begins.
pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A key and its certificate.
pub(crate) struct Authority {
    pub(crate) signer: SoftwareSigner,
    pub(crate) certificate: Certificate,
}

impl Authority {
    pub(crate) async fn root(kind: KeyKind) -> Self {
        let signer = SoftwareSigner::generate(kind).unwrap();
        let certificate = authority::root(&signer, "CN=Test root,O=Example", START, YEAR).await.unwrap();
        Self { signer, certificate }
    }

    pub(crate) async fn below(&self, kind: KeyKind, profile: Profile) -> Self {
        let signer = SoftwareSigner::generate(kind).unwrap();
        let subject = ("CN=Test intermediate,O=Example", signer.public_key());
        let certificate =
            authority::issue((&self.signer, &self.certificate), subject, profile, START, YEAR).await.unwrap();
        Self { signer, certificate }
    }

    /// A certificate with these extensions.
    pub(crate) async fn with(&self, kind: KeyKind, extensions: &[Extension]) -> Self {
        let signer = SoftwareSigner::generate(kind).unwrap();
        let tbs = self.tbs(&build::name("CN=Test").unwrap(), signer.public_key().spki_der(), extensions);
        let certificate = sign_certificate(&tbs, &self.signer).await.unwrap();
        Self { signer, certificate }
    }

    /// What this authority would sign.
    pub(crate) fn tbs(&self, subject_der: &[u8], spki_der: &[u8], extensions: &[Extension]) -> Vec<u8> {
        let fields = TbsFields {
            serial: &[0x80; 20],
            algorithm: self.signer.algorithm(),
            issuer_der: self.certificate.subject_der(),
            not_before: START,
            not_after: START + 600,
            subject_der,
            spki_der,
            extensions,
        };
        fields.encode().unwrap()
    }

    /// The extensions of a code-signing certificate, as the CA orders them, without the last one.
    pub(crate) fn code_signing(&self, spki_der: &[u8]) -> Vec<Extension> {
        let user = SubjectAlternativeName::Email("dev@example.com".to_owned());
        vec![
            build::key_usage_signature().unwrap(),
            build::extended_key_usage(oid::CODE_SIGNING, false).unwrap(),
            build::subject_key_identifier(spki_der).unwrap(),
            build::authority_key_identifier(&self.certificate.subject_key_identifier().unwrap()).unwrap(),
            build::subject_alternative_name(&user, true).unwrap(),
            build::fulcio_extension(1, "https://issuer.example").unwrap(),
            build::fulcio_extension(8, "https://issuer.example").unwrap(),
            build::fulcio_extension(24, "sub\u{e9}ject").unwrap(),
        ]
    }
}
