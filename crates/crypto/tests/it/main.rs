//! Signing and verifying against other implementations and recorded answers.

mod keys;
mod notes;
