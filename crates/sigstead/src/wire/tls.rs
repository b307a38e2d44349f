use std::sync::Arc;

use anyhow::Context as _;
use sigstead_clock::Clock;
use sigstead_serve::{ClientPolicy, ErrorShape, Tls};

use crate::config::Config;

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
