use std::path::PathBuf;

use sigstead_crypto::Secret;

use crate::{KeystoreError, Surroundings};

/// Longer than any PIN, password or token.
const MAX_SECRET: usize = 64 * 1024;

/// Where a PIN, a password or a token is; never in the URI itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `file:PATH`.
    File(PathBuf),
    /// `env:NAME`.
    Environment(String),
}

impl SecretSource {
    /// Reads `file:PATH` or `env:NAME`; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("file", path) if !path.is_empty() => Some(Self::File(PathBuf::from(path))),
            ("env", name) if !name.is_empty() => Some(Self::Environment(name.to_owned())),
            _ => None,
        }
    }

    /// The secret, without the end of its line.
    ///
    /// # Errors
    /// When the file cannot be read, the variable is not set, or nothing is in it.
    pub fn read(&self, surroundings: &Surroundings) -> Result<Secret<String>, KeystoreError> {
        let failed = |why: String| KeystoreError::Secret(self.to_string(), why);
        let text = match self {
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?,
            Self::Environment(name) => {
                surroundings.variable(name).ok_or_else(|| failed("it is not set".to_owned()))?
            }
        };
        let text = Secret::new(text);
        match text.expose().trim_end_matches(['\r', '\n']) {
            "" => Err(failed("it is empty".to_owned())),
            secret if secret.len() > MAX_SECRET => Err(failed("it is too long for a secret".to_owned())),
            secret => Ok(Secret::new(secret.to_owned())),
        }
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the variable {name}"),
        }
    }
}
