use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use sigstead_serve::{AllowedClient, ClientAuth, DEFAULT_OPEN_PATHS, TlsFiles};

use super::Config;

/// `[ca.tls]` and its like, one for every section that listens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTls {
    certificate: Option<PathBuf>,
    key: Option<String>,
    client_ca: Option<PathBuf>,
    client_auth: Option<String>,
    allowed_clients: Vec<String>,
    open_paths: Option<Vec<String>>,
    open_listen: Option<String>,
}

/// How a listener speaks TLS, and to whom.
pub(crate) struct TlsConfig {
    pub(crate) files: TlsFiles,
    pub(crate) client_auth: ClientAuth,
    pub(crate) allowed_clients: Vec<AllowedClient>,
    pub(crate) open_paths: Vec<String>,
    /// Another port, in cleartext, for the open paths alone.
    pub(crate) open_listen: Option<SocketAddr>,
}

/// Who the process is and whom it believes when it calls another service.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallConfig {
    /// The authorities of the other's certificate; without them, the system's.
    pub(crate) ca: Option<PathBuf>,
    /// A certificate to show, and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

impl Config {
    /// A call by which only the authorities are configured.
    pub(super) fn call_with_ca(&self, ca: Option<&Path>) -> CallConfig {
        CallConfig { ca: ca.map(|ca| self.path(ca)), identity: None }
    }

    /// `[section.tls]`; `None` if the file has none.
    pub(crate) fn tls(&self, section: &str) -> anyhow::Result<Option<TlsConfig>> {
        let raw = match section {
            "admin" => &self.raw.admin.tls,
            "ca" => &self.raw.ca.tls,
            "tsa" => &self.raw.tsa.tls,
            "log" => &self.raw.log.tls,
            "ct" => &self.raw.ct.tls,
            _ => &self.raw.trust.tls,
        };
        raw.as_ref().map(|raw| self.checked_tls(raw, section)).transpose()
    }

    fn checked_tls(&self, raw: &RawTls, section: &str) -> anyhow::Result<TlsConfig> {
        let name = |key: &str| format!("{section}.tls.{key}");
        let client_auth = match raw.client_auth.as_deref() {
            None | Some("none") => ClientAuth::None,
            Some("optional") => ClientAuth::Optional,
            Some("required") => ClientAuth::Required,
            Some(other) => {
                let hint = "write \"none\", \"optional\" or \"required\"";
                bail!(self.wrong(&name("client_auth"), other, hint))
            }
        };
        let names_clients = raw.client_ca.is_some() || !raw.allowed_clients.is_empty();
        if client_auth == ClientAuth::None && names_clients {
            bail!(self.missing(&format!(
                "{} (\"optional\" or \"required\", for clients are named)",
                name("client_auth")
            )));
        }
        let client_ca = match client_auth {
            ClientAuth::None => None,
            _ => Some(self.needed_path(raw.client_ca.as_deref(), &name("client_ca"))?),
        };
        let allowed = raw.allowed_clients.iter().map(|text| {
            text.parse().map_err(|hint| anyhow::anyhow!(self.wrong(&name("allowed_clients"), text, hint)))
        });
        let open_listen =
            raw.open_listen.as_deref().map(|text| self.address(text, &name("open_listen"))).transpose()?;
        Ok(TlsConfig {
            files: TlsFiles {
                certificate: self.needed_path(raw.certificate.as_deref(), &name("certificate"))?,
                key: self.key_file(raw.key.as_deref(), &name("key"))?,
                client_ca,
            },
            client_auth,
            allowed_clients: allowed.collect::<anyhow::Result<_>>()?,
            open_paths: match &raw.open_paths {
                Some(paths) => paths.clone(),
                None => DEFAULT_OPEN_PATHS.map(str::to_owned).to_vec(),
            },
            open_listen,
        })
    }

    /// `[ca] ct_ca`, `ct_client_certificate` and `ct_client_key`.
    pub(super) fn ct_call(&self) -> anyhow::Result<CallConfig> {
        let raw = &self.raw.ca;
        let identity = match &raw.ct_client_certificate {
            Some(certificate) => Some((
                self.path(certificate),
                self.key_file(raw.ct_client_key.as_deref(), "ca.ct_client_key")?,
            )),
            None => None,
        };
        Ok(CallConfig { ca: raw.ct_ca.as_deref().map(|ca| self.path(ca)), identity })
    }

    /// TLS keys are files.
    pub(super) fn key_file(&self, value: Option<&str>, key: &str) -> anyhow::Result<PathBuf> {
        let uri = self.key(value, key)?;
        let path = uri.strip_prefix("file:").map(PathBuf::from);
        path.with_context(|| self.wrong(key, &uri, "write \"file:PATH\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(text: &str) -> Result<TlsConfig, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, format!("[tsa.tls]\n{text}")).unwrap();
        let flags = ["tsa.tls.certificate=tsa.pem".to_owned(), "tsa.tls.key=file:tsa.key".to_owned()];
        let checked = Config::load(&file, &flags).unwrap().tls("tsa");
        checked.map(Option::unwrap).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_reach_into_tables_and_lists() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sigstead.toml");
        std::fs::write(&file, "").unwrap();
        let flags = [
            "ca.tls.certificate=ca.pem",
            "ca.tls.key=file:ca.key",
            "ca.tls.client_auth=optional",
            "ca.tls.client_ca=clients.pem",
            "ca.tls.allowed_clients=[\"a.example.org\", \"spiffe://corp/*\"]",
        ];
        let config = Config::load(&file, &flags.map(str::to_owned)).unwrap();
        let tls = config.tls("ca").unwrap().unwrap();
        assert_eq!(tls.files.key, dir.path().join("ca.key"));
        assert_eq!((tls.client_auth, tls.allowed_clients.len()), (ClientAuth::Optional, 2));
        assert!(config.tls("log").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, told) in [
            ("client_auth = \"always\"", "tsa.tls.client_auth = \"always\""),
            ("client_auth = \"required\"", "tsa.tls.client_ca is missing"),
            ("client_ca = \"a.pem\"", "tsa.tls.client_auth"),
            (
                "client_auth = \"required\"\nclient_ca = \"a\"\nallowed_clients = [\"*\"]",
                "tsa.tls.allowed_clients = \"*\"",
            ),
            ("open_listen = \"8080\"", "tsa.tls.open_listen"),
        ] {
            let error = tls(text).err().unwrap();
            assert!(error.contains(told), "{text}: {error}");
        }
        assert_eq!(tls("").unwrap().open_paths, DEFAULT_OPEN_PATHS);
    }
}
