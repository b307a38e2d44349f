use sha2::{Digest as _, Sha256};

/// What an entry is found by: the first 16 bytes of SHA-256 over the lower-cased value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchKey(pub(crate) [u8; 16]);

impl SearchKey {
    /// The key of a value such as `sha256:<hex>` or an e-mail address; case does not matter.
    pub fn of(value: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(value.to_lowercase().as_bytes()).into();
        let mut key = [0; 16];
        key.copy_from_slice(digest.split_at(16).0);
        Self(key)
    }
}
