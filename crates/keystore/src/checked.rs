use sigstead_crypto::{PublicKey, SignError, SignatureAlgorithm};

/// The signature, if it is by `key` over `message`; for keys that `holder` has and not this process. What a key signed
/// that was put in its place, or an answer that was damaged, must not get out; services that sign do not look again.
///
/// # Errors
/// When it does not verify.
pub(crate) fn checked(
    holder: &str,
    signature: Vec<u8>,
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, SignError> {
    key.verify(algorithm.hash(), message, &signature).map_err(|_| {
        SignError::new(format!("{holder}: the signature is not by the key that was there at the start"))
    })?;
    Ok(signature)
}
