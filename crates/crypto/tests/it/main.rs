//! Signing and verifying against other implementations and recorded answers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod keys;
mod notes;
