//! Finding entries: keys, the texts they are of, and packed postings.

mod key;
mod query;
mod segment;
mod terms;

pub use key::SearchKey;
pub use query::SearchQuery;
pub(crate) use segment::{SEGMENT, pack_postings, postings_in};
pub(crate) use terms::KnownTerms;
pub use terms::{SearchTerm, TermPattern};
