use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sigstead_clock::Clock;
use sigstead_serve::{ClientPolicy, ErrorShape, Tls};

use crate::config::{CallConfig, Config};

/// What the listener of a section speaks TLS with, if it is told to.
pub(crate) fn tls(config: &Config, section: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Option<Tls>> {
    let Some(tls) = config.tls(section)? else { return Ok(None) };
    let clients = ClientPolicy {
        auth: tls.client_auth,
        allowed: tls.allowed_clients,
        open_paths: tls.open_paths,
        error_shape: error_shape(section),
    };
    Tls::load(tls.files, clients, clock).map(Some).with_context(|| format!("[{section}.tls]"))
}

/// How each API tells errors.
pub(super) fn error_shape(section: &str) -> fn(&str) -> ErrorShape {
    match section {
        "ca" => |_| ErrorShape::GrpcCode,
        "tsa" => |_| ErrorShape::HttpCode,
        "log" => {
            |path| if path.starts_with("/api/v2/") { ErrorShape::GrpcCode } else { ErrorShape::HttpCode }
        }
        _ => |_| ErrorShape::Text,
    }
}

/// A client that reaches another service as `config` says.
pub(crate) fn http_client(config: &CallConfig) -> anyhow::Result<reqwest::ClientBuilder> {
    let mut builder = reqwest::Client::builder();
    if let Some(file) = &config.ca {
        let roots = reqwest::Certificate::from_pem_bundle(&read(file)?)
            .ok()
            .filter(|roots| !roots.is_empty())
            .with_context(|| format!("{} does not hold certificates", file.display()))?;
        builder = builder.tls_certs_only(roots);
    }
    if let Some((certificate, key)) = &config.identity {
        let pem = [read(certificate)?, b"\n".to_vec(), read(key)?].concat();
        let identity = reqwest::Identity::from_pem(&pem).with_context(|| {
            format!("{} and {} are not a certificate and its key", certificate.display(), key.display())
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
