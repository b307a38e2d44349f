//! Which submissions are accepted.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use sigstead_crypto::sha256;
use sigstead_merkle::Hash;
use sigstead_x509::precertificate::{is_precertificate, issuer_key_hash, tbs_without_poison};
use sigstead_x509::{Certificate, oid};

use crate::authorities::Authorities;
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

/// An accepted submission, and its issuers' certificates by fingerprint.
pub(crate) struct Accepted {
    pub(crate) submitted: Submitted,
    pub(crate) issuers: Vec<(Hash, Bytes)>,
}

/// Reads a submission, and checks it: leaf first, each certificate signed by the next, the last one an
/// accepted root or signed by one, for code signing, with the poison exactly where it belongs.
pub(crate) fn accept(body: &[u8], endpoint: Endpoint, authorities: &Authorities) -> Result<Accepted, Error> {
    let submission: Submission = serde_json::from_slice(body).map_err(Error::bad_request)?;
    if submission.chain.is_empty() || submission.chain.len() > MAX_CHAIN {
        return Err(Error::bad_request(format!("a chain has 1 to {MAX_CHAIN} certificates")));
    }
    let parsed = submission.chain.iter().enumerate().map(|(position, text)| {
        let der = BASE64_STANDARD
            .decode(text)
            .map_err(|_| Error::bad_request(format!("certificate {position} is not base64")))?;
        Certificate::from_der(&der)
            .map_err(|error| Error::bad_request(format!("certificate {position}: {error}")))
    });
    let mut chain: Vec<Certificate> = parsed.collect::<Result<_, _>>()?;
    complete(&mut chain, authorities)?;
    let (leaf, issuers) = chain.split_first().ok_or_else(|| Error::bad_request("the chain is empty"))?;
    let issuer = issuers.first().ok_or_else(|| Error::bad_request("a root cannot be submitted alone"))?;
    check_leaf(leaf, endpoint)?;
    let usages = issuer.extended_key_usages().map(|(_, usages)| usages).unwrap_or_default();
    if usages.contains(&oid::PRECERTIFICATE_SIGNING) {
        return Err(Error::bad_request("precertificates must be signed by their issuer itself"));
    }
    let kind = match endpoint {
        Endpoint::Chain => EntryKind::Certificate(Bytes::copy_from_slice(leaf.der())),
        Endpoint::PreChain => EntryKind::Precertificate {
            issuer_key_hash: issuer_key_hash(issuer),
            tbs: tbs_without_poison(leaf).map_err(Error::bad_request)?.into(),
            precertificate: Bytes::copy_from_slice(leaf.der()),
        },
    };
    let issuers: Vec<(Hash, Bytes)> =
        issuers.iter().map(|issuer| (sha256(issuer.der()), Bytes::copy_from_slice(issuer.der()))).collect();
    let submitted =
        Submitted { kind, issuers: issuers.iter().map(|(fingerprint, _)| *fingerprint).collect() };
    Ok(Accepted { submitted, issuers })
}

/// Checks the signatures along the chain, and adds the root if it was left out.
fn complete(chain: &mut Vec<Certificate>, authorities: &Authorities) -> Result<(), Error> {
    for (position, pair) in chain.windows(2).enumerate() {
        if let [certificate, issuer] = pair
            && !(authorities.is_issued_by(certificate, issuer) && issuer.is_ca())
        {
            return Err(Error::bad_request(format!("certificate {position} is not issued by the next one")));
        }
    }
    let last = chain.last().ok_or_else(|| Error::bad_request("the chain is empty"))?;
    let roots = authorities.roots();
    if !roots.contains(last) {
        let root = roots.iter().find(|root| authorities.is_issued_by(last, root));
        let root = root.ok_or_else(|| Error::bad_request("the chain does not end at an accepted root"))?;
        chain.push(root.clone());
    }
    authorities.remember(chain.get(1..).unwrap_or_default());
    Ok(())
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
