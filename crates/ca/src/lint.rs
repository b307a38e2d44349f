//! What every certificate here must be, checked on its bytes before it is signed and before it leaves: RFC 5280
//! and Fulcio's profile, read back with the parser and not with what encoded them.

use sigstead_x509::build::empty_name;
use sigstead_x509::precertificate::{is_precertificate, tbs_without_poison, tbs_without_scts};
use sigstead_x509::{Certificate, oid, sct};
use thiserror::Error;

use crate::profile::{Form, Profile};

/// Most octets of a serial number (RFC 5280 §4.1.2.2).
const MAX_SERIAL: usize = 20;
/// KeyUsage in DER with digitalSignature alone.
const DIGITAL_SIGNATURE: &[u8] = &[3, 2, 7, 0x80];

/// A rule that a certificate breaks; nothing a client sends should lead here.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the certificate breaks a rule of its profile: {0}")]
pub(crate) struct Breach(pub(crate) &'static str);

type Rule = fn(&Certificate, &Profile<'_>, Form<'_>) -> bool;

/// By name, in the order in which they are checked.
const RULES: [(&str, Rule); 16] = [
    ("the serial number is positive, of at most 20 octets, and the one in the audit trail", has_serial),
    ("the issuer's name is the authority's subject", |it, profile, _| {
        it.issuer_der() == profile.issuer.subject_der()
    }),
    ("the subject is empty", |it, _, _| it.subject_der() == empty_name()),
    ("it is valid as long as was decided, and not longer than its issuer", has_validity),
    ("it certifies the key that was proven", |it, profile, _| it.spki_der() == profile.key.spki_der()),
    ("KeyUsage is critical and digitalSignature alone", |it, _, _| {
        it.extension(oid::KEY_USAGE) == Some((true, DIGITAL_SIGNATURE))
    }),
    ("ExtendedKeyUsage is codeSigning alone", |it, _, _| {
        it.extended_key_usages() == Some((false, vec![oid::CODE_SIGNING]))
    }),
    ("it is no authority", |it, _, _| it.extension(oid::BASIC_CONSTRAINTS).is_none()),
    ("SubjectKeyIdentifier is there", |it, _, _| it.subject_key_identifier().is_some()),
    ("AuthorityKeyIdentifier is the issuer's SubjectKeyIdentifier", |it, profile, _| {
        it.authority_key_identifier() == profile.issuer.subject_key_identifier()
    }),
    ("SubjectAltName is critical, for the subject is empty", |it, _, _| {
        it.extension(oid::SUBJECT_ALT_NAME).is_some_and(|(critical, _)| critical)
    }),
    ("SubjectAltName is the identity's one name", |it, profile, _| {
        it.alternative_name_count() == 1 && it.subject_alternative_names() == [profile.principal.name.clone()]
    }),
    ("the identity's extensions say what its token said", has_claims),
    ("it has no other extension", has_no_other_extension),
    ("the poison is in precertificates alone", |it, _, form| {
        let is_expected = matches!(form, Form::Precertificate);
        is_precertificate(it) == is_expected && it.extension(oid::POISON).is_some() == is_expected
    }),
    ("its SCTs are those that were promised, for what was logged", has_promises),
];

/// Checks every rule: before there is a signature.
pub(crate) fn lint(certificate: &Certificate, profile: &Profile<'_>, form: Form<'_>) -> Result<(), Breach> {
    let broken = RULES.iter().find(|(_, is_met)| !is_met(certificate, profile, form));
    broken.map_or(Ok(()), |(rule, _)| Err(Breach(rule)))
}

/// Checks that what was signed is, byte for byte, what met every rule. That the signature is by the issuer's key is what
/// every [`Signer`](sigstead_crypto::Signer) promises, and that this is the key of the issuer was checked at the start.
pub(crate) fn lint_signed(certificate: &Certificate, linted: &[u8]) -> Result<(), Breach> {
    let is_same = certificate.tbs_der() == linted;
    is_same.then_some(()).ok_or(Breach("what was signed is what met the other rules"))
}

fn has_serial(certificate: &Certificate, profile: &Profile<'_>, _: Form<'_>) -> bool {
    let serial = certificate.serial();
    let significant = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
    serial.len() <= MAX_SERIAL
        && serial.first().is_some_and(|first| *first < 0x80)
        && !significant(serial).is_empty()
        && significant(serial) == significant(&profile.serial)
}

fn has_validity(certificate: &Certificate, profile: &Profile<'_>, _: Form<'_>) -> bool {
    let (first, last) = (certificate.not_before(), certificate.not_after());
    (first, last) == (profile.not_before, profile.not_after)
        && first <= last
        && profile.issuer.is_valid_at(first)
        && profile.issuer.is_valid_at(last)
}

fn has_claims(certificate: &Certificate, profile: &Profile<'_>, _: Form<'_>) -> bool {
    let mut extensions = profile.principal.extensions.iter();
    extensions.all(|(number, value)| certificate.fulcio_text(*number).as_ref() == Some(value))
}

/// No extension is there twice; the parser refuses that.
fn has_no_other_extension(certificate: &Certificate, profile: &Profile<'_>, form: Form<'_>) -> bool {
    let always =
        [oid::KEY_USAGE, oid::EXTENDED_KEY_USAGE, oid::SUBJECT_KEY_IDENTIFIER, oid::SUBJECT_ALT_NAME];
    let identifier = profile.issuer.subject_key_identifier().map(|_| oid::AUTHORITY_KEY_IDENTIFIER);
    let claims = profile.principal.extensions.iter().filter_map(|(number, _)| oid::fulcio(*number));
    let last = match form {
        Form::Plain => None,
        Form::Precertificate => Some(oid::POISON),
        Form::WithScts { .. } => Some(oid::SCT_LIST),
    };
    let mut allowed: Vec<_> = always.into_iter().chain(identifier).chain(claims).chain(last).collect();
    let mut present: Vec<_> = certificate.extension_ids().collect();
    allowed.sort();
    present.sort();
    present == allowed
}

/// What the logs promised for must be what leaves, but for the promises themselves (RFC 6962 §3.1).
fn has_promises(certificate: &Certificate, _: &Profile<'_>, form: Form<'_>) -> bool {
    match form {
        Form::Plain | Form::Precertificate => certificate.extension(oid::SCT_LIST).is_none(),
        Form::WithScts { scts, precertificate } => {
            let (final_tbs, logged) = (tbs_without_scts(certificate), tbs_without_poison(precertificate));
            sct::list_of(certificate).as_deref() == Some(scts)
                && final_tbs.is_ok_and(|final_tbs| logged.is_ok_and(|logged| final_tbs == logged))
        }
    }
}

#[cfg(test)]
mod tests;
