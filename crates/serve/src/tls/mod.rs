//! TLS for a listener: its certificate, who its clients are, and both reloaded when their files change.

mod access;
mod allowed;
mod client;
mod files;
mod handshake;
mod watch;

use std::sync::Arc;

use arc_swap::ArcSwap;
use sigstead_clock::Clock;
use tokio::sync::Semaphore;

pub(crate) use access::require_client;
pub use access::{ClientAuth, ClientPolicy, DEFAULT_OPEN_PATHS, only_paths};
pub use allowed::AllowedClient;
pub use client::Client;
pub use files::{TlsError, TlsFiles};

use files::Loaded;

/// Handshakes whose signature is being made; the next ones wait. Who has sent nothing yet is not counted.
const HANDSHAKES: usize = 512;

/// What a listener needs to speak TLS. Clones share what is loaded.
#[derive(Debug, Clone)]
pub struct Tls {
    files: Arc<TlsFiles>,
    clients: Arc<ClientPolicy>,
    clock: Arc<dyn Clock>,
    live: Arc<ArcSwap<Loaded>>,
    handshakes: Arc<Semaphore>,
}

impl Tls {
    /// Loads the files.
    ///
    /// # Errors
    /// When a file cannot be read or used, with its name.
    pub fn load(files: TlsFiles, clients: ClientPolicy, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let loaded = files.load(clock.now())?;
        Ok(Self {
            files: Arc::new(files),
            clients: Arc::new(clients),
            clock,
            live: Arc::new(ArcSwap::from_pointee(loaded)),
            handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
        })
    }

    pub(crate) fn clients(&self) -> Arc<ClientPolicy> {
        Arc::clone(&self.clients)
    }

    /// Loads the files again if they have changed; whether they had. What cannot be used changes nothing.
    fn reload(&self) -> Result<bool, TlsError> {
        let material = self.files.read()?;
        if material.fingerprint == self.live.load().fingerprint {
            return Ok(false);
        }
        self.live.store(Arc::new(self.files.parse(&material, self.clock.now())?));
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
