//! The authority as clients see it, in process; what it answers is verified by `openssl ts`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod fixture;
mod later;
mod refusals;
mod routes;
mod tokens;
