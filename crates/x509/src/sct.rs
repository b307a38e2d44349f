//! Signed certificate timestamps (RFC 6962 §3.2 and §3.3).

use sigstead_crypto::PublicKey;
use sigstead_crypto::note::verify_digitally_signed;

use crate::build::Extension;
use crate::tlv::{self, OCTET_STRING};
use crate::{Certificate, X509Error, oid};

/// A log's promise that it has an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sct {
    /// SHA-256 of the log's public key info.
    pub log_id: [u8; 32],
    /// Milliseconds since the Unix epoch.
    pub timestamp: u64,
    /// CtExtensions, without their length; static-ct logs put the leaf index there.
    pub extensions: Vec<u8>,
    /// TLS DigitallySigned: hash, algorithm, length, signature.
    pub signature: Vec<u8>,
}

/// What a log signs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedEntry<'a> {
    /// A certificate in DER.
    X509(&'a [u8]),
    /// A precertificate: its issuer's key hash and its TBS without the poison.
    Precertificate {
        /// SHA-256 of the issuer's public key info.
        issuer_key_hash: &'a [u8; 32],
        /// TBSCertificate in DER.
        tbs: &'a [u8],
    },
}

impl SignedEntry<'_> {
    /// The TimestampedEntry of RFC 6962 §3.4: time, type, entry, extensions.
    pub fn timestamped(&self, timestamp: u64, extensions: &[u8]) -> Vec<u8> {
        let mut bytes = timestamp.to_be_bytes().to_vec();
        match self {
            Self::X509(certificate) => {
                bytes.extend(0u16.to_be_bytes());
                push_u24(&mut bytes, certificate);
            }
            Self::Precertificate { issuer_key_hash, tbs } => {
                bytes.extend(1u16.to_be_bytes());
                bytes.extend_from_slice(*issuer_key_hash);
                push_u24(&mut bytes, tbs);
            }
        }
        push_u16(&mut bytes, extensions);
        bytes
    }

    /// What the SCT's signature is over: version, signature type, timestamped entry.
    pub fn signed_data(&self, timestamp: u64, extensions: &[u8]) -> Vec<u8> {
        [&[0, 0], self.timestamped(timestamp, extensions).as_slice()].concat()
    }
}

impl Sct {
    /// Checks the signature with the log's key.
    ///
    /// # Errors
    /// When the log's id is not this key's, or the signature does not verify.
    pub fn verify(&self, entry: &SignedEntry<'_>, key: &PublicKey) -> Result<(), X509Error> {
        let data = entry.signed_data(self.timestamp, &self.extensions);
        let is_by_key =
            self.log_id == key.fingerprint() && verify_digitally_signed(key, &data, &self.signature);
        if is_by_key { Ok(()) } else { Err(X509Error::Signature("the SCT")) }
    }

    /// SerializedSCT.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(self.log_id);
        bytes.extend(self.timestamp.to_be_bytes());
        push_u16(&mut bytes, &self.extensions);
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(&[0])?;
        let (log_id, bytes) = bytes.split_first_chunk::<32>()?;
        let (timestamp, bytes) = bytes.split_first_chunk::<8>()?;
        let (extensions, signature) = take_u16(bytes)?;
        let (_, rest) = take_u16(signature.get(2..)?)?;
        rest.is_empty().then(|| Self {
            log_id: *log_id,
            timestamp: u64::from_be_bytes(*timestamp),
            extensions: extensions.to_vec(),
            signature: signature.to_vec(),
        })
    }
}

/// SignedCertificateTimestampList.
pub fn encode_list(scts: &[Sct]) -> Vec<u8> {
    let mut list = Vec::new();
    for sct in scts {
        push_u16(&mut list, &sct.encode());
    }
    let mut bytes = Vec::new();
    push_u16(&mut bytes, &list);
    bytes
}

/// The SCTs of a SignedCertificateTimestampList; `None` when it is malformed.
pub fn decode_list(bytes: &[u8]) -> Option<Vec<Sct>> {
    let (mut list, rest) = take_u16(bytes)?;
    let mut scts = Vec::new();
    while !list.is_empty() {
        let (sct, next) = take_u16(list)?;
        scts.push(Sct::decode(sct)?);
        list = next;
    }
    rest.is_empty().then_some(scts)
}

/// The certificate extension that carries SCTs.
pub fn list_extension(scts: &[Sct]) -> Extension {
    Extension { id: oid::SCT_LIST, critical: false, value: tlv::wrap(OCTET_STRING, &encode_list(scts)) }
}

/// The SCTs in a certificate; `None` when it has no list, or a malformed one.
pub fn list_of(certificate: &Certificate) -> Option<Vec<Sct>> {
    let (_, value) = certificate.extension(oid::SCT_LIST)?;
    decode_list(tlv::single(value).filter(|list| list.tag == OCTET_STRING)?.content)
}

/// Appends `bytes` with a 16-bit length before them; longer ones are cut off, which no field here reaches.
pub fn push_u16(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(bytes.get(..usize::from(length)).unwrap_or_default());
}

/// Appends `bytes` with a 24-bit length before them; certificates are shorter than that.
pub fn push_u24(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(0xff_ffff);
    out.extend(length.to_be_bytes().into_iter().skip(1));
    out.extend_from_slice(bytes.get(..length as usize).unwrap_or_default());
}

/// Takes bytes with a 16-bit length before them; the rest after them.
pub fn take_u16(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Takes bytes with a 24-bit length before them; the rest after them.
pub fn take_u24(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([a, b, c], rest) = bytes.split_first_chunk::<3>()?;
    rest.split_at_checked(u32::from_be_bytes([0, *a, *b, *c]) as usize)
}
