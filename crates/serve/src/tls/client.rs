use std::fmt;
use std::sync::Arc;

use sigstead_x509::{Certificate, SubjectAlternativeName};

/// A client whose certificate was verified in the handshake: the names in its SubjectAltName. An extension of
/// every request on its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client(Arc<[SubjectAlternativeName]>);

impl Client {
    /// From a certificate that the handshake has verified.
    pub(super) fn of(der: &[u8]) -> Self {
        let names = Certificate::from_der(der).map(|verified| verified.subject_alternative_names());
        Self(names.unwrap_or_default().into())
    }

    /// Its names.
    pub fn names(&self) -> &[SubjectAlternativeName] {
        &self.0
    }
}

/// For logs: on one line, whatever a name holds.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(|name| name.value().escape_debug().to_string()).collect();
        f.write_str(&names.join(","))
    }
}
