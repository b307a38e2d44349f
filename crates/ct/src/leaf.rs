//! Entries and their bytes: static-ct's TileLeaf is the record, RFC 6962's MerkleTreeLeaf is hashed.

use bytes::Bytes;
use sigstead_crypto::sha256;
use sigstead_merkle::{Hash, leaf_hash};
use sigstead_store::{Assigned, Leaf, StoredEntry};
use sigstead_x509::sct::{SignedEntry, push_u16, push_u24, take_u16, take_u24};

/// MerkleTreeLeaf (RFC 6962 §3.4) begins with version v1 and type timestamped_entry.
pub(crate) const MERKLE_TREE_LEAF: [u8; 2] = [0, 0];

/// What was submitted, checked.
#[derive(Debug, Clone)]
pub(crate) struct Submitted {
    pub(crate) kind: EntryKind,
    /// SHA-256 of each issuer's certificate, the direct issuer first.
    pub(crate) issuers: Vec<Hash>,
}

#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Certificate(Bytes),
    Precertificate { issuer_key_hash: Hash, tbs: Bytes, precertificate: Bytes },
}

impl Submitted {
    pub(crate) fn signed_entry(&self) -> SignedEntry<'_> {
        match &self.kind {
            EntryKind::Certificate(der) => SignedEntry::X509(der),
            EntryKind::Precertificate { issuer_key_hash, tbs, .. } => {
                SignedEntry::Precertificate { issuer_key_hash, tbs }
            }
        }
    }

    /// What makes a submission a duplicate: type, issuer and what is signed; all 256 bits count.
    pub(crate) fn identity(&self) -> Hash {
        match &self.kind {
            EntryKind::Certificate(der) => sha256(&[&[0], der.as_ref()].concat()),
            EntryKind::Precertificate { issuer_key_hash, tbs, .. } => {
                sha256(&[&[1], issuer_key_hash.as_slice(), tbs.as_ref()].concat())
            }
        }
    }

    /// The leaf for an assigned index and time.
    pub(crate) fn leaf(&self, assigned: Assigned) -> Leaf {
        let extensions = index_extension(assigned.index);
        let timestamped = self.signed_entry().timestamped(assigned.timestamp_ms, &extensions);
        let hash = hash_of(&timestamped);
        let mut record = timestamped;
        if let EntryKind::Precertificate { precertificate, .. } = &self.kind {
            push_u24(&mut record, precertificate);
        }
        push_u16(&mut record, &self.issuers.concat());
        Leaf { record: record.into(), hash }
    }
}

/// CtExtensions with the leaf's index (static-ct-api): type 0, five bytes.
pub(crate) fn index_extension(index: u64) -> Vec<u8> {
    let bytes = index.to_be_bytes();
    let (_, low) = bytes.split_at(3);
    [&[0, 0, 5], low].concat()
}

/// TimestampedEntry (RFC 6962 §3.4), taken apart.
pub(crate) struct Timestamped<'a> {
    pub(crate) time_ms: u64,
    pub(crate) entry: SignedEntry<'a>,
}

impl<'a> Timestamped<'a> {
    /// What `bytes` begin with; the rest after it.
    pub(crate) fn take(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (time, rest) = bytes.split_first_chunk::<8>()?;
        let (kind, rest) = rest.split_first_chunk::<2>()?;
        let (entry, rest) = match u16::from_be_bytes(*kind) {
            0 => take_u24(rest).map(|(der, rest)| (SignedEntry::X509(der), rest))?,
            1 => {
                let (issuer_key_hash, rest) = rest.split_first_chunk::<32>()?;
                let (tbs, rest) = take_u24(rest)?;
                (SignedEntry::Precertificate { issuer_key_hash, tbs }, rest)
            }
            _ => return None,
        };
        let (_extensions, rest) = take_u16(rest)?;
        Some((Self { time_ms: u64::from_be_bytes(*time), entry }, rest))
    }
}

/// A record, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TileLeaf<'a> {
    /// Time, type, entry, extensions.
    pub(crate) timestamped: &'a [u8],
    /// For precertificate entries.
    pub(crate) precertificate: Option<&'a [u8]>,
    /// For certificate entries.
    pub(crate) certificate: Option<&'a [u8]>,
    issuers: &'a [u8],
}

impl<'a> TileLeaf<'a> {
    /// `None` for bytes that are not exactly one TileLeaf.
    pub(crate) fn parse(record: &'a [u8]) -> Option<Self> {
        let (Timestamped { entry, .. }, rest) = Timestamped::take(record)?;
        let timestamped = record.get(..record.len() - rest.len())?;
        let (certificate, precertificate, rest) = match entry {
            SignedEntry::X509(der) => (Some(der), None, rest),
            SignedEntry::Precertificate { .. } => {
                take_u24(rest).map(|(der, rest)| (None, Some(der), rest))?
            }
        };
        let (issuers, rest) = take_u16(rest)?;
        let is_whole = rest.is_empty() && issuers.len().is_multiple_of(32);
        is_whole.then_some(Self { timestamped, precertificate, certificate, issuers })
    }

    /// SHA-256 of each issuer's certificate, the direct issuer first.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = Hash> {
        self.issuers.as_chunks::<32>().0.iter().copied()
    }

    /// RFC 6962's MerkleTreeLeaf.
    pub(crate) fn leaf_input(&self) -> Vec<u8> {
        [&MERKLE_TREE_LEAF, self.timestamped].concat()
    }
}

fn hash_of(timestamped: &[u8]) -> Hash {
    leaf_hash(&[&MERKLE_TREE_LEAF, timestamped].concat())
}

/// The leaf hash of a stored record, for audits; `None` if it is not one of this log's, or says another
/// index or time than it has.
pub fn hash_record(entry: &StoredEntry, assigned: Assigned) -> Option<Hash> {
    let leaf = TileLeaf::parse(&entry.record)?;
    let says_so = leaf.timestamped.starts_with(&assigned.timestamp_ms.to_be_bytes())
        && leaf.timestamped.ends_with(&index_extension(assigned.index));
    says_so.then(|| hash_of(leaf.timestamped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_taken_apart_again() {
        let precertificate = EntryKind::Precertificate {
            issuer_key_hash: [1; 32],
            tbs: Bytes::from_static(b"tbs"),
            precertificate: Bytes::from_static(b"precert"),
        };
        for kind in [EntryKind::Certificate(Bytes::from_static(b"cert")), precertificate] {
            let submitted = Submitted { kind, issuers: vec![[2; 32], [3; 32]] };
            let assigned = Assigned { index: 0x01_0203_0405, timestamp_ms: 77 };
            let leaf = submitted.leaf(assigned);
            let parsed = TileLeaf::parse(&leaf.record).unwrap();
            assert_eq!(parsed.issuers().collect::<Vec<_>>(), submitted.issuers);
            let entry = StoredEntry { record: leaf.record.clone(), timestamp_ms: 77 };
            assert_eq!(hash_record(&entry, assigned), Some(leaf.hash));
            assert_eq!(hash_record(&entry, Assigned { index: 5, ..assigned }), None);
            assert_eq!(TileLeaf::parse(&leaf.record[1..]), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_record_panics(record in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120)) {
            let _ = TileLeaf::parse(&record);
        }
    }
}
