//! Tokens of an issuer on loopback, believed and refused.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod algorithms;
mod fetching;
mod fixture;
mod principals;
mod refusals;
