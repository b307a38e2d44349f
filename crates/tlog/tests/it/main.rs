//! The engine over real databases, and over one that fails on purpose.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the fixtures are part of the tests, but clippy only knows test functions"
)]

mod appending;
mod faults;
mod faulty;
mod first_key;
mod fixture;
mod rollback;
