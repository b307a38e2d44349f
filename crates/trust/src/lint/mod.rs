//! What clients would refuse or misread in a trusted root, a signing config, a client trust config or a whole TUF repository, whoever
//! wrote it.
//!
//! Pure: documents and the time in, findings out; a repository's files come through a function. Each thing that can be wrong is a row of a table, with the clients that
//! stumble over it and how; the tables stand in the file of what they are about.

mod authority;
mod believed;
mod document;
mod log;
mod raw;
mod rule;
mod service;
mod signing_config;
mod trusted_root;
pub mod tuf;
mod validity;

pub(crate) use believed::believed;
pub use document::{Kind, LintError, MAX_DOCUMENT, lint};
pub(crate) use rule::POLICY_CONTROLLER;
pub use rule::{Finding, GO, JAVA, JS, PYTHON, Rule, Severity, first_error};

#[cfg(test)]
pub(crate) mod tests;
