use std::time::Duration;

use crate::ClientRate;

/// What one listener allows, whatever service stands behind it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest time from a request's head to its answer's head; then 504.
    pub request: Duration,
    /// Longest time that a client may take to send a request's head.
    pub header_read: Duration,
    /// Longest time that a TLS handshake may take.
    pub handshake: Duration,
    /// Requests in flight; one more is answered 503 with `Retry-After`.
    pub in_flight: usize,
    /// Open connections; one more waits in the system's backlog.
    pub connections: usize,
    /// How much one client may ask; one that asks more is answered 429 with `Retry-After`.
    pub client: Option<ClientRate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(60),
            header_read: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
            in_flight: 4096,
            connections: 8192,
            client: None,
        }
    }
}
