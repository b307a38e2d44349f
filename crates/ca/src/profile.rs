//! The certificate's fields: Fulcio's profile, in its order of encoding.

use sigstead_crypto::{PublicKey, SignatureAlgorithm};
use sigstead_identity::Principal;
use sigstead_x509::build::{
    Extension, TbsFields, authority_key_identifier, empty_name, extended_key_usage, fulcio_extension,
    key_usage_signature, subject_alternative_name, subject_key_identifier,
};
use sigstead_x509::precertificate::poison;
use sigstead_x509::sct::list_extension;
use sigstead_x509::{Certificate, Sct, X509Error, oid};

/// Everything of a certificate but its last extension.
#[derive(Debug)]
pub(crate) struct Profile<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) serial: [u8; 20],
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) issuer: &'a Certificate,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) key: &'a PublicKey,
    extensions: Vec<Extension>,
}

/// What a certificate ends with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    /// Nothing more: there is no log, or its promise comes beside the certificate.
    Plain,
    /// The poison.
    Precertificate,
    /// The promises for a precertificate.
    WithScts { scts: &'a [Sct], precertificate: &'a Certificate },
}

impl<'a> Profile<'a> {
    pub(crate) fn new(
        serial: [u8; 20],
        (not_before, not_after): (i64, i64),
        (issuer, algorithm): (&'a Certificate, SignatureAlgorithm),
        key: &'a PublicKey,
        principal: &'a Principal,
    ) -> Result<Self, X509Error> {
        let mut extensions = vec![
            key_usage_signature()?,
            extended_key_usage(oid::CODE_SIGNING, false)?,
            subject_key_identifier(key.spki_der())?,
        ];
        if let Some(identifier) = issuer.subject_key_identifier() {
            extensions.push(authority_key_identifier(&identifier)?);
        }
        extensions.push(subject_alternative_name(&principal.name, true)?);
        for (number, value) in &principal.extensions {
            extensions.push(fulcio_extension(*number, value)?);
        }
        Ok(Self { principal, serial, not_before, not_after, issuer, algorithm, key, extensions })
    }

    /// The TBSCertificate.
    pub(crate) fn tbs(&self, form: Form<'_>) -> Result<Vec<u8>, X509Error> {
        let last = match form {
            Form::Plain => None,
            Form::Precertificate => Some(poison()),
            Form::WithScts { scts, .. } => Some(list_extension(scts)),
        };
        let extensions: Vec<Extension> = self.extensions.iter().cloned().chain(last).collect();
        TbsFields {
            serial: &self.serial,
            algorithm: self.algorithm,
            issuer_der: self.issuer.subject_der(),
            not_before: self.not_before,
            not_after: self.not_after,
            subject_der: &empty_name(),
            spki_der: self.key.spki_der(),
            extensions: &extensions,
        }
        .encode()
    }
}
