use std::time::Duration;

use sigstead_clock::Timestamp;

use super::{Metadata, Role};

/// Which version of a role counts, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The role.
    pub role: Role,
    /// Its version.
    pub version: u64,
    /// Clients refuse it from then on.
    pub expires: Timestamp,
}

impl Standing {
    pub(super) const fn of<B>(metadata: &Metadata<B>) -> Self {
        Self { role: metadata.role, version: metadata.version, expires: metadata.expires }
    }

    /// How long clients still take it; nothing if they do not any more.
    pub fn left(&self, now: Timestamp) -> Duration {
        Duration::from_millis(self.expires.millis().saturating_sub(now.millis()))
    }
}
