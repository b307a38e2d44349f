use sha2::{Digest as _, Sha256};

/// What an entry is found by: the first eight bytes of SHA-256 over a lower-cased value. A search is an index,
/// not a proof: who must be sure reads the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchKey(pub(crate) u64);

impl SearchKey {
    /// The key of a value such as `sha256:<hex>`, a bare hash or an e-mail address; case does not matter. A
    /// SHA-256 has one key with and without its algorithm, so that it needs one posting.
    pub fn of(value: &str) -> Self {
        let value = value.to_lowercase();
        let bare = value.strip_prefix("sha256:").filter(|digits| digits.len() == 64).unwrap_or(&value);
        Self::hash(bare.as_bytes())
    }

    /// The key of a value in a field of its own: no value without a field has it, for those hold no NUL.
    pub fn in_field(field: &str, value: &str) -> Self {
        Self::hash(format!("{field}\0{}", value.to_lowercase()).as_bytes())
    }

    fn hash(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Which of a segment's 256 parts it is in.
    pub(crate) const fn bucket(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// The last key that can be in a bucket.
    pub(crate) const fn last_in(bucket: u8) -> Self {
        Self((bucket as u64) << 56 | u64::MAX >> 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_key_and_a_field_its_own() {
        let digest = "ab".repeat(32);
        assert_eq!(SearchKey::of(&digest), SearchKey::of(&format!("SHA256:{}", digest.to_uppercase())));
        assert_ne!(SearchKey::of(&digest), SearchKey::of(&format!("sha512:{digest}")));
        assert_ne!(SearchKey::of("sha256:ab"), SearchKey::of("ab"), "only whole digests");
        assert_ne!(SearchKey::in_field("issuer", "x"), SearchKey::of("x"));
        assert_ne!(SearchKey::in_field("issuer", "x"), SearchKey::in_field("kind", "x"));
    }
}
