use bytes::Bytes;
use serde::Serialize;
use sigstead_x509::Certificate;
use thiserror::Error;

use crate::material::TrustMaterial;
use crate::signing_config::SigningConfig;
use crate::trusted_root::TrustedRoot;

/// Why the documents could not be made; an operator configured it.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Clients would reject the whole trusted root.
    #[error(
        "the key of the log at {url} is of a kind that clients refuse; use ECDSA, Ed25519 or RSA-2048/3072/4096"
    )]
    UnnamedKeyKind {
        /// The log.
        url: String,
    },
    /// An authority without certificates.
    #[error("the certificate chain of {url} is empty")]
    EmptyChain {
        /// The authority.
        url: String,
    },
    /// The JSON could not be written.
    #[error("writing the trust documents: {0}")]
    Json(#[from] serde_json::Error),
}

/// The files of a trust root, rendered once. JSON is indented, for people read it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    files: Vec<(&'static str, &'static str, Bytes)>,
}

const JSON: &str = "application/json";
const PEM: &str = "application/x-pem-file";

/// `dev.sigstore.trustroot.v1.ClientTrustConfig`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientTrustConfig<'a> {
    media_type: &'static str,
    trusted_root: &'a TrustedRoot,
    signing_config: &'a SigningConfig,
}

impl Documents {
    /// Renders every document.
    ///
    /// # Errors
    /// When the material cannot be named in a trusted root.
    pub fn render(material: &TrustMaterial) -> Result<Self, TrustError> {
        let trusted_root = TrustedRoot::new(material)?;
        let mut files = vec![(TRUSTED_ROOT, JSON, json(&trusted_root)?)];
        if !material.v2_logs.is_empty() {
            let rekor_v1 = TrustMaterial { v2_logs: Vec::new(), ..material.clone() };
            files.push((TRUSTED_ROOT_V1, JSON, json(&TrustedRoot::new(&rekor_v1)?)?));
        }
        let mut configs = vec![(SIGNING_CONFIG, CLIENT_TRUST_CONFIG, &material.log_services)];
        if !material.v2_log_services.is_empty() {
            configs.push((SIGNING_CONFIG_V2, CLIENT_TRUST_CONFIG_V2, &material.v2_log_services));
        }
        for (signing_name, client_name, logs) in configs {
            let signing_config = SigningConfig::new(material, logs);
            let client_trust_config = ClientTrustConfig {
                media_type: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                trusted_root: &trusted_root,
                signing_config: &signing_config,
            };
            files.push((signing_name, JSON, json(&signing_config)?));
            files.push((client_name, JSON, json(&client_trust_config)?));
        }
        files.extend(pem_files(material));
        Ok(Self { files })
    }

    /// Name, media type and content of each file.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &'static str, &Bytes)> {
        self.files.iter().map(|(name, media_type, content)| (*name, *media_type, content))
    }

    /// One file by its name.
    pub fn file(&self, name: &str) -> Option<(&'static str, &Bytes)> {
        self.files()
            .find(|(candidate, _, _)| *candidate == name)
            .map(|(_, media_type, content)| (media_type, content))
    }
}

/// Name of the trusted root's file.
pub(crate) const TRUSTED_ROOT: &str = "trusted_root.json";
/// The same for readers that refuse it because of a Rekor v2 log (policy-controller).
pub(crate) const TRUSTED_ROOT_V1: &str = "trusted_root_rekor_v1.json";
/// Name of the signing config's file, as TUF repositories call it.
pub(crate) const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
/// The same for clients that should log with Rekor v2, as the public instance calls it.
const SIGNING_CONFIG_V2: &str = "signing_config_rekor_v2.v0.2.json";
/// Name of the file that sigstore-python reads with `--trust-config`.
pub(crate) const CLIENT_TRUST_CONFIG: &str = "client_trust_config.json";
/// The same for Rekor v2.
const CLIENT_TRUST_CONFIG_V2: &str = "client_trust_config_rekor_v2.json";

pub(crate) fn json(document: &impl Serialize) -> Result<Bytes, TrustError> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    Ok(text.into())
}

/// The newest keys and chains under the names that cosign's environment variables, older TUF
/// repositories and `openssl` examples use.
pub(crate) fn pem_files(material: &TrustMaterial) -> Vec<(&'static str, &'static str, Bytes)> {
    let chain = |certificates: &[Certificate]| {
        certificates.iter().map(Certificate::to_pem).collect::<String>().into_bytes().into()
    };
    let mut files: Vec<(&'static str, &'static str, Bytes)> = Vec::new();
    // Of several CAs clients take whichever fits, at any time; of the other services they take one.
    let mut authorities: Vec<Certificate> = Vec::new();
    let believed = material.certificate_authorities.iter().rev().filter(|ca| !ca.is_stolen);
    for certificate in believed.flat_map(|ca| &ca.chain) {
        if !authorities.contains(certificate) {
            authorities.push(certificate.clone());
        }
    }
    if !authorities.is_empty() {
        files.push(("fulcio_v1.crt.pem", PEM, chain(&authorities)));
    }
    if let Some(log) = material.logs.last() {
        files.push(("rekor.pub", PEM, log.public_key.to_pem().into_bytes().into()));
    }
    if let Some(log) = material.ct_logs.last() {
        files.push(("ctfe.pub", PEM, log.public_key.to_pem().into_bytes().into()));
    }
    if let Some(tsa) = material.timestamp_authorities.iter().rfind(|tsa| tsa.is_current && !tsa.is_stolen) {
        files.push(("tsa.certchain.pem", PEM, chain(&tsa.chain)));
    }
    files
}
