use crate::{KeystoreError, SecretSource};

/// As long as Vault lets names be.
const MAX_NAME: usize = 256;

/// A key of Vault's transit engine: `hashivault://KEY`, with `?version=N` and `token-source=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultUri {
    /// The key's name.
    pub key: String,
    /// The version to sign with; the newest one at the start if there is none.
    pub version: Option<u64>,
    /// Where the token is; `VAULT_TOKEN` or `~/.vault-token` if it does not say.
    pub token: Option<SecretSource>,
}

impl VaultUri {
    /// Reads what stands after `hashivault://`.
    ///
    /// # Errors
    /// When the name is none, or an attribute is unknown or malformed.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let malformed = |why: &str| KeystoreError::Uri("hashivault", why.to_owned());
        let (key, query) = text.split_once('?').unwrap_or((text, ""));
        if !is_name(key) {
            return Err(malformed("write hashivault://KEY; a key's name has letters, digits, dots, - and _"));
        }
        let mut uri = Self { key: key.to_owned(), version: None, token: None };
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            match attribute.split_once('=') {
                Some(("version", value)) => {
                    let version = value.parse().ok().filter(|version| *version > 0);
                    uri.version =
                        Some(version.ok_or_else(|| malformed("version is not a number from 1 on"))?);
                }
                Some(("token-source", value)) => {
                    let source = SecretSource::parse(value);
                    uri.token =
                        Some(source.ok_or_else(|| {
                            malformed("write token-source=file:PATH or token-source=env:NAME")
                        })?);
                }
                _ => return Err(malformed("only version and token-source can follow the name")),
            }
        }
        Ok(uri)
    }
}

/// As sigstore's tools take them.
fn is_name(text: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_word)
        && bytes.last().is_some_and(is_word)
        && bytes.len() <= MAX_NAME
        && bytes.iter().all(|byte| is_word(byte) || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_version_and_a_source() {
        let uri = VaultUri::parse("ca.signing-key?version=3&token-source=file:/run/token").unwrap();
        assert_eq!((uri.key.as_str(), uri.version), ("ca.signing-key", Some(3)));
        assert_eq!(uri.token, Some(SecretSource::File("/run/token".into())));
        assert_eq!(
            VaultUri::parse("k").unwrap(),
            VaultUri { key: "k".to_owned(), version: None, token: None }
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_not_repeated() {
        for wrong in [
            "",
            "a/b",
            "a%2fb",
            ".a",
            "a-",
            "k?version=0",
            "k?version=x",
            "k?token=s.ecret",
            "k?token-source=s.ecret",
        ] {
            let error = VaultUri::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("s.ecret"), "{error}");
        }
    }
}
