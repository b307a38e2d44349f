//! Finding entries: keys, the texts they are of, and packed postings.

mod key;
mod query;
mod segment;
mod terms;

pub use key::SearchKey;
pub use query::SearchQuery;
pub(crate) use segment::{
    Packed, Posting, SEGMENT, pack_batch, pack_buckets, pack_shares, share_of, share_packed_with,
};
pub(crate) use terms::KnownTerms;
pub use terms::{SearchTerm, TermPattern};
