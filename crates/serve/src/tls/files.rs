use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use sigstead_clock::Timestamp;
use sigstead_x509::Certificate;
use thiserror::Error;

/// Longest file; a bundle of certificate authorities takes a few hundred kilobytes.
const MAX_FILE: u64 = 4 << 20;

/// The PEM files of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, then its intermediates.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
    /// The authorities of clients' certificates; without them no client is asked for one.
    pub client_ca: Option<PathBuf>,
}

/// Why files cannot be used; the operator must act.
#[derive(Debug, Error)]
pub enum TlsError {
    /// Not there, not allowed, too long.
    #[error("cannot read {}: {reason}", file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Not what it should hold.
    #[error("{} does not hold {expected}{hint}", file.display())]
    Content {
        /// Which file.
        file: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What it holds instead, if that can be told.
        hint: &'static str,
    },
    /// Two files that do not belong together.
    #[error("the key {} does not belong to the certificate {}", key.display(), certificate.display())]
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// No client would accept it.
    #[error("the certificate {} expired at {at}", file.display())]
    Expired {
        /// Which file.
        file: PathBuf,
        /// Its last second.
        at: String,
    },
    /// For another reason.
    #[error("{} cannot be used: {reason}", file.display())]
    Unusable {
        /// Which file.
        file: PathBuf,
        /// What the TLS engine said.
        reason: String,
    },
}

/// The files' content.
pub(super) struct Material {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    pub(super) fingerprint: [u8; 32],
}

/// What new connections are answered with.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) server: Arc<ServerConfig>,
    /// First and last second of the certificate's validity.
    pub(super) validity: (i64, i64),
    pub(super) fingerprint: [u8; 32],
}

impl TlsFiles {
    pub(super) fn load(&self, now: Timestamp) -> Result<Loaded, TlsError> {
        self.parse(&self.read()?, now)
    }

    pub(super) fn read(&self) -> Result<Material, TlsError> {
        let certificate = read(&self.certificate)?;
        let key = read(&self.key)?;
        let client_ca = self.client_ca.as_deref().map(read).transpose()?;
        let mut digest = Sha256::new();
        for part in [Some(&certificate), Some(&key), client_ca.as_ref()].into_iter().flatten() {
            digest.update(Sha256::digest(part));
        }
        Ok(Material { certificate, key, client_ca, fingerprint: digest.finalize().into() })
    }

    pub(super) fn parse(&self, material: &Material, now: Timestamp) -> Result<Loaded, TlsError> {
        let chain = certificates(&self.certificate, &material.certificate)?;
        let validity = self.validity(&chain, now)?;
        let key = self.key(&material.key)?;
        let unusable = |error: rustls::Error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::KeyMismatch { certificate: self.certificate.clone(), key: self.key.clone() }
            }
            other => TlsError::Unusable { file: self.certificate.clone(), reason: other.to_string() },
        };
        let provider = Arc::new(default_provider());
        // TLS 1.2 and 1.3.
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = match self.client_roots(material)? {
            None => builder.with_no_client_auth(),
            // Who has none is told so by the API, and may still ask for open paths.
            Some((file, roots)) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(|error| TlsError::Unusable { file, reason: error.to_string() })?,
            ),
        };
        let mut server = builder.with_single_cert(chain, key).map_err(unusable)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if material.client_ca.is_some() {
            // A resumed session would bring a certificate that nobody looks at again.
            server.session_storage = Arc::new(NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }
        Ok(Loaded { server: Arc::new(server), validity, fingerprint: material.fingerprint })
    }

    fn validity(&self, chain: &[CertificateDer<'static>], now: Timestamp) -> Result<(i64, i64), TlsError> {
        let file = self.certificate.clone();
        let leaf = chain.first().and_then(|der| Certificate::from_der(der).ok());
        let leaf = leaf.ok_or_else(|| content(&self.certificate, "a certificate", ""))?;
        let last = u64::try_from(leaf.not_after()).unwrap_or_default();
        if last < now.seconds() {
            return Err(TlsError::Expired { file, at: Timestamp::from_seconds(last).to_rfc3339() });
        }
        Ok((leaf.not_before(), leaf.not_after()))
    }

    fn key(&self, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
        let hint = if holds(pem, "ENCRYPTED PRIVATE KEY-----") {
            ": it is encrypted"
        } else if holds(pem, "-----BEGIN CERTIFICATE-----") {
            ", but certificates"
        } else {
            ""
        };
        PrivateKeyDer::from_pem_slice(pem).map_err(|_| content(&self.key, "a private key in PEM", hint))
    }

    fn client_roots(&self, material: &Material) -> Result<Option<(PathBuf, RootCertStore)>, TlsError> {
        let (Some(file), Some(pem)) = (&self.client_ca, &material.client_ca) else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file, pem)? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::Unusable { file: file.clone(), reason: error.to_string() })?;
        }
        Ok(Some((file.clone(), roots)))
    }
}

fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let hint = if holds(pem, "PRIVATE KEY-----") { ", but a private key" } else { "" };
    found
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| content(file, "certificates in PEM", hint))
}

fn holds(pem: &[u8], label: &str) -> bool {
    pem.windows(label.len()).any(|window| window == label.as_bytes())
}

fn content(file: &Path, expected: &'static str, hint: &'static str) -> TlsError {
    TlsError::Content { file: file.to_owned(), expected, hint }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let refused = |reason: String| TlsError::Read { file: file.to_owned(), reason };
    let length = std::fs::metadata(file).map_err(|error| refused(error.to_string()))?.len();
    if length > MAX_FILE {
        return Err(refused(format!("it is longer than {MAX_FILE} bytes")));
    }
    std::fs::read(file).map_err(|error| refused(error.to_string()))
}
