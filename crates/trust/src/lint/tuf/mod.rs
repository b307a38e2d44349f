//! What clients would refuse in a TUF repository, whoever publishes it: its metadata as the TUF specification §5 walks it, and its
//! list of targets by what each client looks for there.
//!
//! Nothing stops the walk that leaves something to go on with, so one run tells all.

mod file;
mod key;
mod promise;
mod root;
mod signatures;
mod target;
mod targets;
mod walk;

pub use walk::{Answer, Walk, walk};

use super::rule::{Clients, GO, JAVA, JS, POLICY_CONTROLLER, PYTHON};

/// Clients that follow a repository.
const ALL: Clients = &[GO, PYTHON, JS, JAVA, POLICY_CONTROLLER];
