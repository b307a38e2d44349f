use const_oid::ObjectIdentifier;
use sigstead_crypto::PublicKey;
use thiserror::Error;

use crate::{Certificate, X509Error, oid};

/// What a chain's first certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It issues code-signing certificates.
    CodeSigningAuthority,
    /// It signs timestamps.
    Timestamping,
}

/// What a chain must meet.
#[derive(Debug, Clone, Copy)]
pub struct ChainRules {
    /// What the first certificate is for.
    pub purpose: Purpose,
    /// When it must be valid, in Unix seconds.
    pub at: i64,
}

/// What is wrong with a chain; an operator configured it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChainError {
    /// No certificates, or a timestamping certificate alone.
    #[error("the chain has {0} certificates; it needs the signing certificate first and its root last")]
    TooShort(usize),
    /// A neighbour did not sign.
    #[error("certificate {position} of the chain is not signed by the one after it")]
    NotSignedByNext {
        /// Counted from 1.
        position: usize,
    },
    /// Signed with an algorithm that clients do not accept any more, or that nothing here verifies.
    #[error("certificate {position} of the chain is signed with {algorithm}, which clients do not accept")]
    Algorithm {
        /// Counted from 1.
        position: usize,
        /// Its object identifier.
        algorithm: String,
    },
    /// A certificate for another key than the one to be used.
    #[error("none of the certificates is for this key")]
    NoneForKey,
    /// Certificates that have no place in the chain.
    #[error("{0} of the certificates have no place in the chain")]
    Stray(usize),
    /// RFC 3161 §2.3, RFC 5280 §4.2.1.3: KeyUsage, where there is one, must allow signatures.
    #[error(
        "the timestamping certificate may not sign (KeyUsage has neither digitalSignature nor nonRepudiation)"
    )]
    SignerCannotSign,
    /// The last certificate is not a root.
    #[error("the last certificate of the chain is not self-signed")]
    NoRoot,
    /// An issuer that is none.
    #[error("certificate {position} of the chain is not a CA (BasicConstraints)")]
    NotAnAuthority {
        /// Counted from 1.
        position: usize,
    },
    /// An issuer whose KeyUsage is for something else.
    #[error("certificate {position} of the chain may not sign certificates (KeyUsage)")]
    CannotSign {
        /// Counted from 1.
        position: usize,
    },
    /// Too many authorities below one that limits them.
    #[error("certificate {position} of the chain allows {allowed} intermediates below it")]
    PathTooLong {
        /// Counted from 1.
        position: usize,
        /// Its path length.
        allowed: u8,
    },
    /// Expired, or not valid yet.
    #[error("certificate {position} of the chain is not valid at this time")]
    NotValidNow {
        /// Counted from 1.
        position: usize,
    },
    /// An extended key usage that does not allow the purpose.
    #[error("certificate {position} of the chain does not have the extended key usage {usage}")]
    UsageNotAllowed {
        /// Counted from 1.
        position: usize,
        /// Its name.
        usage: &'static str,
    },
    /// RFC 3161 §2.3: one extended key usage, critical.
    #[error("a timestamping certificate must have timeStamping as its single extended key usage, critical")]
    TimestampingUsage,
    /// RFC 3161: the signing certificate is not a CA.
    #[error("the timestamping certificate must not be a CA")]
    SignerIsAuthority,
    /// The private key is another one's.
    #[error("the key does not belong to the first certificate of the chain")]
    OtherKey,
}

/// Checks a chain, first certificate first, root last.
///
/// # Errors
/// With the first rule that is not met, and the certificate that does not meet it.
pub fn validate_chain(chain: &[Certificate], rules: ChainRules) -> Result<(), ChainError> {
    let first = chain.first().ok_or(ChainError::TooShort(0))?;
    if rules.purpose == Purpose::Timestamping {
        validate_timestamping(first)?;
        if chain.len() < 2 {
            return Err(ChainError::TooShort(chain.len()));
        }
    }
    for (index, certificate) in chain.iter().enumerate() {
        let position = index + 1;
        if !certificate.is_valid_at(rules.at) {
            return Err(ChainError::NotValidNow { position });
        }
        validate_issuer_role(certificate, index, rules.purpose)?;
        validate_usage(certificate, position, chain.len(), rules.purpose)?;
        if let Some(issuer) = chain.get(index + 1) {
            certificate.verify_signed_by(issuer).map_err(|error| match error {
                X509Error::Algorithm(algorithm) => ChainError::Algorithm { position, algorithm },
                _ => ChainError::NotSignedByNext { position },
            })?;
        }
    }
    chain.last().filter(|last| is_root(last)).map(drop).ok_or(ChainError::NoRoot)
}

/// A root is believed because it is configured: an old one's signature over itself may be of an algorithm of its time.
fn is_root(certificate: &Certificate) -> bool {
    match certificate.verify_signed_by(certificate) {
        Ok(()) | Err(X509Error::Algorithm(_)) => true,
        Err(_) => false,
    }
}

/// The chain over `key` out of certificates in any order: the one for the key first, its root last.
///
/// # Errors
/// When none is for the key, or some are left over.
pub fn order_chain(certificates: Vec<Certificate>, key: &PublicKey) -> Result<Vec<Certificate>, ChainError> {
    let mut rest: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if !rest.contains(&certificate) {
            rest.push(certificate);
        }
    }
    let first = rest.iter().position(|one| one.public_key().is_ok_and(|certified| certified == *key));
    let mut chain = vec![rest.remove(first.ok_or(ChainError::NoneForKey)?)];
    while let Some(last) = chain.last().filter(|last| last.issuer_der() != last.subject_der()) {
        // Of issuers with one name the one whose key signed; a stranger of that name is told of by its place.
        let named = |one: &&Certificate| one.subject_der() == last.issuer_der();
        let signed = rest.iter().filter(named).find(|one| last.verify_signed_by(one).is_ok());
        let Some(next) = signed.or_else(|| rest.iter().find(named)).cloned() else { break };
        rest.retain(|one| *one != next);
        chain.push(next);
    }
    if rest.is_empty() { Ok(chain) } else { Err(ChainError::Stray(rest.len())) }
}

/// Checks that `key` is the one that the chain's first certificate certifies.
///
/// # Errors
/// When it is not.
pub fn validate_key(chain: &[Certificate], key: &PublicKey) -> Result<(), ChainError> {
    let certified = chain.first().and_then(|first| first.public_key().ok());
    if certified.as_ref() == Some(key) { Ok(()) } else { Err(ChainError::OtherKey) }
}

fn validate_timestamping(first: &Certificate) -> Result<(), ChainError> {
    if first.is_ca() {
        return Err(ChainError::SignerIsAuthority);
    }
    if !first.may_sign() {
        return Err(ChainError::SignerCannotSign);
    }
    match first.extended_key_usages() {
        Some((true, usages)) if usages == [oid::TIME_STAMPING] => Ok(()),
        _ => Err(ChainError::TimestampingUsage),
    }
}

/// Everything but a timestamping certificate issues what stands before it.
fn validate_issuer_role(certificate: &Certificate, index: usize, purpose: Purpose) -> Result<(), ChainError> {
    let position = index + 1;
    if index == 0 && purpose == Purpose::Timestamping {
        return Ok(());
    }
    if !certificate.is_ca() {
        return Err(ChainError::NotAnAuthority { position });
    }
    if !certificate.may_sign_certificates() {
        return Err(ChainError::CannotSign { position });
    }
    // Authorities below this one: a timestamping certificate is none.
    let below = if purpose == Purpose::Timestamping { index - 1 } else { index };
    match certificate.path_length() {
        Some(allowed) if usize::from(allowed) < below => Err(ChainError::PathTooLong { position, allowed }),
        _ => Ok(()),
    }
}

/// An EKU on an authority limits what is below it, and one without is not limited (RFC 5280 §4.2.1.12), as an
/// organization's own seldom are; but an issuing CA under a root needs its own, as Fulcio's does.
fn validate_usage(
    certificate: &Certificate,
    position: usize,
    length: usize,
    purpose: Purpose,
) -> Result<(), ChainError> {
    let (wanted, usage): (ObjectIdentifier, _) = match purpose {
        Purpose::CodeSigningAuthority => (oid::CODE_SIGNING, "codeSigning"),
        Purpose::Timestamping => (oid::TIME_STAMPING, "timeStamping"),
    };
    let allowed = match certificate.extended_key_usages() {
        Some((_, usages)) => usages.contains(&wanted) || usages.contains(&oid::ANY_EXTENDED_KEY_USAGE),
        None => position > 1 || position == length,
    };
    if allowed { Ok(()) } else { Err(ChainError::UsageNotAllowed { position, usage }) }
}
