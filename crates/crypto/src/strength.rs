//! Which keys deserve a certificate: the checks of Let's Encrypt's "good key" policy that Fulcio applies.

use aws_lc_rs::signature::ParsedPublicKey;

use crate::HashAlgorithm;
use crate::fermat::has_close_factors;
use crate::key::{KeyError, PublicKey, PublicKeyKind};
use crate::verify::engine;

/// Primes up to here are tried as factors of an RSA modulus.
const TRIAL_LIMIT: u32 = 752;
/// The primes by which keys of the flawed RSALib generator betray themselves (CVE-2017-15361): modulo
/// each, such a modulus is a power of 65537.
const ROCA_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

pub(crate) fn check(key: &PublicKey) -> Result<(), KeyError> {
    match key.kind() {
        PublicKeyKind::Rsa { bits } => check_rsa(key, bits),
        PublicKeyKind::Ed25519 => Ok(()),
        PublicKeyKind::EcdsaP256 | PublicKeyKind::EcdsaP384 | PublicKeyKind::EcdsaP521 => {
            // The engine refuses points that are not on their curve, and infinity.
            let algorithm = engine(key.kind(), HashAlgorithm::Sha256);
            let on_curve =
                algorithm.is_some_and(|algorithm| ParsedPublicKey::new(algorithm, key.key_bytes()).is_ok());
            if on_curve {
                Ok(())
            } else {
                Err(KeyError::Malformed("the point is not on its curve".to_owned()))
            }
        }
    }
}

fn check_rsa(key: &PublicKey, bits: usize) -> Result<(), KeyError> {
    if !matches!(bits, 2048 | 3072 | 4096) {
        return Err(KeyError::Insecure("RSA keys must have 2048, 3072 or 4096 bits"));
    }
    let (modulus, exponent) =
        key.rsa_components().ok_or(KeyError::Insecure("the RSA key has no modulus or exponent"))?;
    if exponent != [1, 0, 1] {
        return Err(KeyError::Insecure("the RSA exponent must be 65537"));
    }
    if (2..TRIAL_LIMIT).filter(|n| is_prime(*n)).any(|prime| remainder(&modulus, prime) == 0) {
        return Err(KeyError::Insecure("the RSA modulus has a small factor"));
    }
    if has_close_factors(&modulus) {
        return Err(KeyError::Insecure("the RSA modulus has factors that are close to each other"));
    }
    if ROCA_PRIMES.iter().all(|prime| is_power_of_65537(remainder(&modulus, *prime), *prime)) {
        return Err(KeyError::Insecure("the RSA key was made by a generator with a known flaw (ROCA)"));
    }
    Ok(())
}

/// `number` (big-endian) modulo `divisor`.
fn remainder(number: &[u8], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let remainder = number.iter().fold(0u64, |rest, byte| ((rest << 8) | u64::from(*byte)) % divisor);
    u32::try_from(remainder).unwrap_or(u32::MAX)
}

fn is_prime(n: u32) -> bool {
    n >= 2 && (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    std::iter::successors(Some(1u32), |power| Some(power * (65_537 % prime) % prime))
        .take(prime as usize)
        .any(|power| power == residue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic() {
        assert_eq!(remainder(&[1, 0, 1], 7), 65_537 % 7);
        assert!(is_prime(751) && !is_prime(749));
        assert!(is_power_of_65537(65_537 % 11, 11));
        assert!(!is_power_of_65537(0, 11));
    }
}
