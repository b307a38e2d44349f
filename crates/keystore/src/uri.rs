use std::path::PathBuf;
use std::sync::Arc;

use sigstead_crypto::{KeyKind, Secret, Signer};

use crate::{KeystoreError, PinSource, Pkcs11Signer, Pkcs11Uri, generate_file, open_file, pkcs11};

/// Names a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUri {
    /// `file:PATH`, a PKCS#8 file.
    File(PathBuf),
    /// `pkcs11:…`, a key in a token (RFC 7512).
    Pkcs11(Pkcs11Uri),
}

/// Schemes of keystores that sigstead knows and this build does not reach.
const OTHER_SCHEMES: [(&str, &str); 4] = [
    ("awskms://", "AWS KMS"),
    ("gcpkms://", "Google Cloud KMS"),
    ("azurekms://", "Azure Key Vault"),
    ("hashivault://", "Vault"),
];

impl KeyUri {
    /// Reads a key URI.
    ///
    /// # Errors
    /// When it is none, or names a keystore that this build does not reach.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.into()));
        }
        if let Some(rest) = text.strip_prefix("pkcs11:") {
            return Pkcs11Uri::parse(rest).map(Self::Pkcs11);
        }
        match OTHER_SCHEMES.iter().find(|(scheme, _)| text.starts_with(scheme)) {
            Some((_, name)) => Err(KeystoreError::NotBuilt(name)),
            None => Err(KeystoreError::NotAUri(text.to_owned())),
        }
    }
}

/// Makes the key that a URI names if it is not there, and says whether it did.
///
/// # Errors
/// When it cannot be made, or the keystore cannot be asked.
pub fn make_missing(uri: &str, kind: KeyKind) -> Result<bool, KeystoreError> {
    match KeyUri::parse(uri)? {
        KeyUri::File(path) if path.exists() => Ok(false),
        KeyUri::File(path) => generate_file(&path, kind).map(|()| true),
        KeyUri::Pkcs11(uri) => {
            let pin = pin(&uri.pin)?;
            pkcs11::make_missing(&uri, &pin, kind)
        }
    }
}

/// The signer that a URI names.
///
/// # Errors
/// When the URI, the keystore or the key is unusable.
pub fn open(uri: &str, password: Option<&Secret<String>>) -> Result<Arc<dyn Signer>, KeystoreError> {
    match KeyUri::parse(uri)? {
        KeyUri::File(path) => Ok(Arc::new(open_file(&path, password)?)),
        KeyUri::Pkcs11(uri) => {
            let pin = pin(&uri.pin)?;
            Ok(Arc::new(Pkcs11Signer::open(uri, pin)?))
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a PIN may be in the environment, and only this key's is asked for"
)]
fn pin(source: &PinSource) -> Result<Secret<String>, KeystoreError> {
    let pin = match source {
        PinSource::File(path) => std::fs::read_to_string(path)?.trim().to_owned(),
        PinSource::Environment(name) => std::env::var(name)
            .map_err(|_| KeystoreError::Pkcs11Uri(format!("the variable {name} is not set")))?,
    };
    Ok(Secret::new(pin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_apart() {
        assert_eq!(KeyUri::parse("file:a/b.key").unwrap(), KeyUri::File("a/b.key".into()));
        assert!(matches!(KeyUri::parse("pkcs11:token=x"), Err(KeystoreError::Pkcs11Uri(_))));
        assert!(matches!(KeyUri::parse("awskms:///key"), Err(KeystoreError::NotBuilt("AWS KMS"))));
        assert!(matches!(KeyUri::parse("file:"), Err(KeystoreError::NotAUri(_))));
        assert!(matches!(KeyUri::parse("/etc/key.pem"), Err(KeystoreError::NotAUri(_))));
    }
}
