//! What people read: the one place that writes to standard output.

use std::io::{IsTerminal as _, Write as _};

/// Writes `text` and a newline; a reader that went away (`| head`) is not an error.
pub(crate) fn line(text: impl std::fmt::Display) {
    let _gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes `text` alone into a file or pipe, and with a newline onto a terminal. For tokens: clients
/// send a token file as it is, newline and all.
pub(crate) fn value(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = if out.is_terminal() { writeln!(out, "{text}") } else { write!(out, "{text}") };
}

/// Writes to standard error, where progress and warnings go.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _gone = writeln!(std::io::stderr().lock(), "{text}");
}
