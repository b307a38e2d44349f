//! What clients would refuse or misread in a trusted root, a signing config or a client trust config, whoever wrote it.
//!
//! Pure: a document and the time in, findings out. Each thing that can be wrong is a row of a table, with the clients that
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
mod validity;

pub(crate) use believed::believed;
pub use document::{Kind, LintError, MAX_DOCUMENT, lint};
pub(crate) use rule::POLICY_CONTROLLER;
pub use rule::{Finding, GO, JAVA, JS, PYTHON, Rule, Severity};

#[cfg(test)]
pub(crate) mod tests;
