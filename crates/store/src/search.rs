//! Finding entries: keys, the texts they are of, and packed postings.

mod key;
mod query;
mod segment;
mod terms;

pub use key::SearchKey;
pub use query::SearchQuery;
pub(crate) use segment::{BUCKETS_WITH_A_BUNDLE, SEGMENT, pack_buckets, postings_in, share_of_bundle};
pub(crate) use terms::KnownTerms;
pub use terms::{SearchTerm, TermPattern};
