//! Self-made hierarchies: roots, issuing certificate authorities, timestamping certificates.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use sigstead_crypto::{PublicKey, Signer, pem, random_bytes};

use crate::build::{
    Extension, TbsFields, algorithm_identifier, authority_key_identifier, basic_constraints, encode,
    extended_key_usage, key_identifier, key_usage_authority, key_usage_signature, name, sign_certificate,
    signed, subject_key_identifier,
};
use crate::tlv::{self, INTEGER, SET};
use crate::{Certificate, X509Error, oid};

/// What an issued certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A CA that issues code-signing certificates: EKU codeSigning, no CA below it.
    CodeSigningAuthority,
    /// A CA that issues timestamping certificates: EKU timeStamping, no CA below it.
    TimestampingAuthority,
    /// A key that signs timestamps: one EKU, timeStamping, critical (RFC 3161 §2.3).
    Timestamping,
}

/// A self-signed root: critical BasicConstraints and KeyUsage, key identifiers, no EKU.
///
/// # Errors
/// When the name cannot be encoded or the signer fails.
pub async fn root(
    signer: &dyn Signer,
    subject: &str,
    not_before: i64,
    lifetime: Duration,
) -> Result<Certificate, X509Error> {
    let subject = name(subject)?;
    let spki = signer.public_key().spki_der();
    let extensions = [
        key_usage_authority()?,
        basic_constraints(None)?,
        subject_key_identifier(spki)?,
        authority_key_identifier(&key_identifier(spki)?)?,
    ];
    sign(signer, &subject, not_before, lifetime, (&subject, spki), &extensions).await
}

/// A certificate for `subject`'s key, signed by `issuer`.
///
/// # Errors
/// When the name cannot be encoded or the signer fails.
pub async fn issue(
    issuer: (&dyn Signer, &Certificate),
    subject: (&str, &PublicKey),
    profile: Profile,
    not_before: i64,
    lifetime: Duration,
) -> Result<Certificate, X509Error> {
    let (signer, issuer) = issuer;
    let (subject_name, key) = (name(subject.0)?, subject.1.spki_der());
    let mut extensions = profile.extensions()?;
    extensions.push(subject_key_identifier(key)?);
    if let Some(identifier) = issuer.subject_key_identifier() {
        extensions.push(authority_key_identifier(&identifier)?);
    }
    sign(signer, issuer.subject_der(), not_before, lifetime, (&subject_name, key), &extensions).await
}

/// A PKCS#10 request in PEM for a certificate of this profile; the extensions that it needs are asked for
/// (RFC 2985 §5.4.2), so that the authority that signs it need not know them.
///
/// # Errors
/// When the name cannot be encoded or the signer fails.
pub async fn request(signer: &dyn Signer, subject: &str, profile: Profile) -> Result<String, X509Error> {
    let spki = signer.public_key().spki_der();
    let mut extensions = profile.extensions()?;
    extensions.push(subject_key_identifier(spki)?);
    let extensions = extensions.iter().map(Extension::encode).collect::<Result<Vec<_>, _>>()?.concat();
    let values = tlv::wrap(SET, &tlv::sequence(&[&extensions]));
    let attribute = tlv::sequence(&[&encode(&oid::EXTENSION_REQUEST)?, &values]);
    let info = tlv::sequence(&[
        &tlv::wrap(INTEGER, &[0]),
        &name(subject)?,
        spki,
        &tlv::wrap(tlv::context(0), &attribute),
    ]);
    let signature = signer.sign(&info).await?;
    let request = signed(&info, &algorithm_identifier(signer.algorithm())?, &signature);
    Ok(pem::encode("CERTIFICATE REQUEST", &request))
}

impl Profile {
    fn extensions(self) -> Result<Vec<Extension>, X509Error> {
        let authority = |usage: ObjectIdentifier| {
            Ok(vec![key_usage_authority()?, extended_key_usage(usage, false)?, basic_constraints(Some(0))?])
        };
        match self {
            Self::CodeSigningAuthority => authority(oid::CODE_SIGNING),
            Self::TimestampingAuthority => authority(oid::TIME_STAMPING),
            Self::Timestamping => {
                Ok(vec![key_usage_signature()?, extended_key_usage(oid::TIME_STAMPING, true)?])
            }
        }
    }
}

async fn sign(
    signer: &dyn Signer,
    issuer_der: &[u8],
    not_before: i64,
    lifetime: Duration,
    (subject_der, spki_der): (&[u8], &[u8]),
    extensions: &[Extension],
) -> Result<Certificate, X509Error> {
    let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let tbs = TbsFields {
        serial: &serial(not_before)?,
        algorithm: signer.algorithm(),
        issuer_der,
        not_before,
        not_after: not_before.saturating_add(lifetime),
        subject_der,
        spki_der,
        extensions,
    };
    sign_certificate(&tbs.encode()?, signer).await
}

/// 20 bytes: bit 6 set and then a time, in seconds of Unix time, in the first five; chance in the other fifteen (RFC 5280
/// §4.1.2.2 asks for a positive number of at most 20 bytes that never repeats). Numbers of one time are near each other
/// in the indexes that are made of them, which costs a database far less than a page for each.
///
/// # Errors
/// When the system has no randomness to give.
pub fn serial(at: i64) -> Result<[u8; 20], X509Error> {
    const POSITIVE_AND_NEVER_SHORTER: u64 = 1 << 38;
    let mut serial = random_bytes::<20>()?;
    let time = (at.unsigned_abs() % POSITIVE_AND_NEVER_SHORTER) | POSITIVE_AND_NEVER_SHORTER;
    let [.., a, b, c, d, e] = time.to_be_bytes();
    serial[..5].copy_from_slice(&[a, b, c, d, e]);
    Ok(serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_positive_of_one_length_and_in_the_order_of_time() {
        for at in [i64::MIN, -1, 0, 1, 1 << 38, i64::MAX] {
            assert!((0x40..0x80).contains(&serial(at).unwrap()[0]), "{at}");
        }
        let numbers =
            [0, 1_790_000_000, 1_790_000_001, 4_000_000_000, (1 << 38) - 1].map(|at| serial(at).unwrap());
        assert!(numbers.is_sorted());
        assert_ne!(serial(7).unwrap(), serial(7).unwrap());
    }
}
