//! Which submissions are accepted.

use std::sync::Arc;

use serde::Deserialize;
use sigstead_x509::precertificate::{is_precertificate, tbs_without_poison};
use sigstead_x509::{Certificate, oid};

use crate::authorities::{Authorities, Issuers, certificate, not_issued_by_next};
use crate::error::Error;
use crate::leaf::{EntryKind, Submitted};

/// Most certificates in a submission.
const MAX_CHAIN: usize = 8;

#[derive(Deserialize)]
struct Submission {
    chain: Vec<String>,
}

/// Whether the endpoint takes certificates or precertificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chain,
    PreChain,
}

/// An accepted submission, and its issuers.
pub(crate) struct Accepted {
    pub(crate) submitted: Submitted,
    pub(crate) issuers: Arc<Issuers>,
}

/// Reads a submission, and checks it: leaf first, each certificate signed by the next, the last one an
/// accepted root or signed by one, for code signing, with the poison exactly where it belongs.
pub(crate) fn accept(body: &[u8], endpoint: Endpoint, authorities: &Authorities) -> Result<Accepted, Error> {
    let Submission { chain } = serde_json::from_slice(body).map_err(Error::bad_request)?;
    let (leaf, above) = chain
        .split_first()
        .filter(|_| chain.len() <= MAX_CHAIN)
        .ok_or_else(|| Error::bad_request(format!("a chain has 1 to {MAX_CHAIN} certificates")))?;
    let leaf = certificate(0, leaf)?;
    let issuers = authorities.issuers(&leaf, above)?;
    leaf.verify_signed_by(&issuers.direct).map_err(|_| not_issued_by_next(0))?;
    check_leaf(&leaf, endpoint)?;
    let kind = match endpoint {
        Endpoint::Chain => EntryKind::Certificate(leaf.to_bytes()),
        Endpoint::PreChain => EntryKind::Precertificate {
            issuer_key_hash: issuers.key_hash,
            tbs: tbs_without_poison(&leaf).map_err(Error::bad_request)?.into(),
            precertificate: leaf.to_bytes(),
        },
    };
    let fingerprints = issuers.certificates.iter().map(|(fingerprint, _)| *fingerprint).collect();
    Ok(Accepted { submitted: Submitted { kind, issuers: fingerprints }, issuers })
}

fn check_leaf(leaf: &Certificate, endpoint: Endpoint) -> Result<(), Error> {
    let usages = leaf.extended_key_usages().map(|(_, usages)| usages).unwrap_or_default();
    if !usages.contains(&oid::CODE_SIGNING) {
        return Err(Error::bad_request("the certificate is not for code signing"));
    }
    match (endpoint, is_precertificate(leaf), leaf.extension(oid::POISON).is_some()) {
        (Endpoint::PreChain, true, _) | (Endpoint::Chain, _, false) => Ok(()),
        (Endpoint::PreChain, false, _) => {
            Err(Error::bad_request("add-pre-chain takes precertificates: there is no critical poison"))
        }
        (Endpoint::Chain, _, true) => {
            Err(Error::bad_request("add-chain takes certificates: this one is poisoned"))
        }
    }
}
