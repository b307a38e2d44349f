use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sigstead_crypto::sha256;
use sigstead_merkle::Hash;
use sigstead_x509::precertificate::issuer_key_hash;
use sigstead_x509::{Certificate, oid};

use crate::error::Error;

/// Most chains of issuers that are remembered; a log has a handful.
const MAX_KNOWN: usize = 64;

/// The roots that chains must end at, and which chains of issuers have been checked up to one of them.
#[derive(Debug)]
pub(crate) struct Authorities {
    roots: Vec<Certificate>,
    /// By their base64, as submitted: the same few above every leaf, parsed and checked once.
    known: RwLock<HashMap<Vec<String>, Arc<Issuers>>>,
}

/// What stands above a leaf: its issuers up to an accepted root, each signed by the next.
#[derive(Debug)]
pub(crate) struct Issuers {
    /// The leaf's own.
    pub(crate) direct: Certificate,
    /// SHA-256 of its public key info.
    pub(crate) key_hash: Hash,
    /// All of them in DER by fingerprint, the leaf's own first.
    pub(crate) certificates: Vec<(Hash, Bytes)>,
}

impl Authorities {
    pub(crate) fn new(roots: Vec<Certificate>) -> Self {
        Self { roots, known: RwLock::default() }
    }

    pub(crate) fn roots(&self) -> &[Certificate] {
        &self.roots
    }

    /// The issuers of `leaf` from those that were submitted with it, in base64, and the root if it was left out. Whether the
    /// direct one signed the leaf is not looked at.
    pub(crate) fn issuers(&self, leaf: &Certificate, submitted: &[String]) -> Result<Arc<Issuers>, Error> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(submitted).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let parsed = submitted.iter().enumerate().map(|(above, text)| certificate(above + 1, text));
        let mut chain: Vec<Certificate> = parsed.collect::<Result<_, _>>()?;
        check_links(&chain)?;
        let last = chain.last().unwrap_or(leaf);
        if !self.roots.contains(last) {
            let root = self.roots.iter().find(|root| last.verify_signed_by(root).is_ok());
            let root =
                root.ok_or_else(|| Error::bad_request("the chain does not end at an accepted root"))?;
            chain.push(root.clone());
        }
        let issuers = Arc::new(Issuers::new(&chain)?);
        // Only what an accepted root vouches for: strangers' would fill the memory. Without any the root depends on the leaf.
        if !submitted.is_empty() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MAX_KNOWN {
                known.insert(submitted.to_vec(), Arc::clone(&issuers));
            }
        }
        Ok(issuers)
    }
}

impl Issuers {
    fn new(chain: &[Certificate]) -> Result<Self, Error> {
        let direct = chain.first().ok_or_else(|| Error::bad_request("a root cannot be submitted alone"))?;
        let usages = direct.extended_key_usages().map(|(_, usages)| usages).unwrap_or_default();
        if usages.contains(&oid::PRECERTIFICATE_SIGNING) {
            return Err(Error::bad_request("precertificates must be signed by their issuer itself"));
        }
        let by_fingerprint = |issuer: &Certificate| (sha256(issuer.der()), issuer.to_bytes());
        Ok(Self {
            direct: direct.clone(),
            key_hash: issuer_key_hash(direct),
            certificates: chain.iter().map(by_fingerprint).collect(),
        })
    }
}

/// Whether all of them are authorities, and each is signed by the next. The leaf has place 0.
fn check_links(issuers: &[Certificate]) -> Result<(), Error> {
    let mut below: Option<&Certificate> = None;
    for (place, issuer) in issuers.iter().enumerate() {
        let has_signed = below.is_none_or(|below| below.verify_signed_by(issuer).is_ok());
        if !(issuer.is_ca() && has_signed) {
            return Err(not_issued_by_next(place));
        }
        below = Some(issuer);
    }
    Ok(())
}

/// The certificate at a place in a submitted chain, from base64.
pub(crate) fn certificate(place: usize, text: &str) -> Result<Certificate, Error> {
    let der = BASE64_STANDARD.decode(text);
    let der = der.map_err(|_| Error::bad_request(format!("certificate {place} is not base64")))?;
    Certificate::from_der(&der).map_err(|error| Error::bad_request(format!("certificate {place}: {error}")))
}

/// That the certificate at a place in a submitted chain has another issuer than the one that follows it.
pub(crate) fn not_issued_by_next(place: usize) -> Error {
    Error::bad_request(format!("certificate {place} is not issued by the next one"))
}
