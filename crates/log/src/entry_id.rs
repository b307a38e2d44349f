use sigstead_merkle::Hash;

/// How Rekor v1 names entries: 16 hex digits of the tree's id, then 64 of the leaf hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryId {
    /// Absent in the short form, which any shard may hold.
    pub(crate) tree_id: Option<u64>,
    pub(crate) leaf_hash: Hash,
}

impl EntryId {
    pub(crate) fn new(tree_id: i64, leaf_hash: Hash) -> Self {
        Self { tree_id: Some(tree_id.unsigned_abs()), leaf_hash }
    }

    /// 64 or 80 hex digits in any case; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (tree, leaf) = match text.len() {
            64 => (None, text),
            80 => text.split_at_checked(16).map(|(tree, leaf)| (Some(tree), leaf))?,
            _ => return None,
        };
        let mut leaf_hash = [0; 32];
        hex::decode_to_slice(leaf, &mut leaf_hash).ok()?;
        let tree_id = match tree {
            Some(tree) if tree.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                Some(u64::from_str_radix(tree, 16).ok()?)
            }
            Some(_) => return None,
            None => None,
        };
        Some(Self { tree_id, leaf_hash })
    }
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(tree_id) = self.tree_id {
            write!(f, "{tree_id:016x}")?;
        }
        f.write_str(&hex::encode(self.leaf_hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_and_nothing_else() {
        let id = EntryId::new(5_509_571_475_026_762_347, [0xab; 32]);
        assert!(id.to_string().starts_with("4c75ee10c9985a6bab"));
        assert_eq!(EntryId::parse(&id.to_string().to_uppercase()), Some(id));
        assert_eq!(EntryId::parse(&"ab".repeat(32)).map(|id| id.tree_id), Some(None));
        for wrong in ["", "abc", &"zz".repeat(32), &format!("+{}", "a".repeat(79))] {
            assert_eq!(EntryId::parse(wrong), None, "{wrong}");
        }
    }
}
