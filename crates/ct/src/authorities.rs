use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use sigstead_crypto::sha256;
use sigstead_merkle::Hash;
use sigstead_x509::Certificate;

/// Most pairs that are remembered; a log has a handful of authorities.
const MAX_LINKS: usize = 1024;

/// The roots that chains must end at, and which authorities below them have been checked.
#[derive(Debug)]
pub(crate) struct Authorities {
    roots: Vec<Certificate>,
    /// Authorities and their issuers, by fingerprint: the same few in every submission, each signature is checked once.
    links: RwLock<HashSet<(Hash, Hash)>>,
}

impl Authorities {
    pub(crate) fn new(roots: Vec<Certificate>) -> Self {
        Self { roots, links: RwLock::default() }
    }

    pub(crate) fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    /// Whether a certificate is signed by `issuer`.
    pub(crate) fn is_issued_by(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
        let is_known = !links.is_empty() && links.contains(&link(certificate, issuer));
        drop(links);
        is_known || certificate.verify_signed_by(issuer).is_ok()
    }

    /// Remembers authorities that were checked up to an accepted root: strangers' would fill the memory.
    pub(crate) fn remember(&self, authorities: &[Certificate]) {
        for pair in authorities.windows(2) {
            let [authority, issuer] = pair else { continue };
            let link = link(authority, issuer);
            if !self.links.read().unwrap_or_else(PoisonError::into_inner).contains(&link) {
                let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
                if links.len() < MAX_LINKS {
                    links.insert(link);
                }
            }
        }
    }
}

fn link(authority: &Certificate, issuer: &Certificate) -> (Hash, Hash) {
    (sha256(authority.der()), sha256(issuer.der()))
}
