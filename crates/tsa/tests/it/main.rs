//! The authority as clients see it, in process; what it answers is verified by `openssl ts`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod clock;
mod fixture;
mod later;
mod refusals;
mod routes;
mod terms;
mod tokens;
