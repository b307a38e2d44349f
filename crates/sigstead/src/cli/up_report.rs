use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfy_table::Table;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use serde::Serialize;

use crate::config::Config;
use crate::data_dir::DataDir;

/// Everything that a person or a script needs to use what `up` started.
#[derive(Serialize)]
pub(super) struct Report {
    ca: String,
    log: String,
    tsa: String,
    ct: String,
    trust: String,
    issuer: String,
    admin: String,
    data: PathBuf,
    config: PathBuf,
    trusted_root: PathBuf,
    signing_config: PathBuf,
    client_trust_config: PathBuf,
    tuf_root: PathBuf,
}

impl Report {
    pub(super) fn new(data: &DataDir, config: &Config) -> anyhow::Result<Self> {
        let trust = config.trust()?;
        let missing = "the generated configuration is incomplete";
        let (ca, _) = trust.ca.context(missing)?;
        let (tsa, _) = trust.tsa.context(missing)?;
        let log = trust.log.context(missing)?.url;
        let ct = trust.ct.context(missing)?.url;
        Ok(Self {
            ca,
            log,
            tsa,
            ct,
            trust: format!("http://{}", trust.listen),
            issuer: trust.oidc_url.context(missing)?,
            admin: format!("http://{}", config.admin_listen()?.context(missing)?),
            data: data.path().to_owned(),
            config: data.file("sigstead.toml"),
            trusted_root: data.file("trusted_root.json"),
            signing_config: data.file("signing_config.v0.2.json"),
            client_trust_config: data.file("client_trust_config.json"),
            tuf_root: data.file("tuf/root.json"),
        })
    }

    /// One line.
    pub(super) fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// For a person: what runs where, and the commands that sign and verify.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY);
        for (service, url) in [
            ("certificate authority", self.ca.as_str()),
            ("transparency log", &self.log),
            ("timestamp authority", &self.tsa),
            ("CT log", &self.ct),
            ("trust root", &self.trust),
            ("development issuer", &self.issuer),
            ("metrics and health", &self.admin),
        ] {
            table.add_row([service, url]);
        }
        format!("{table}\n\n{}", self.commands())
    }

    fn commands(&self) -> String {
        let Self { issuer, trust, .. } = self;
        let tuf_root = relative(&self.tuf_root);
        let signing_config = relative(&self.signing_config);
        let trusted_root = relative(&self.trusted_root);
        let data = relative(&self.data);
        let sigstead = std::env::current_exe().map_or_else(|_| "sigstead".into(), |exe| relative(&exe));
        let token = match data.as_str() {
            "sigstead-data" => format!("{sigstead} token --email dev@example.com"),
            data => format!("{sigstead} token --data {data} --email dev@example.com"),
        };
        format!(
            "Sign an image or a file, in another terminal (cosign 3):\n\n  \
               cosign sign --yes --signing-config {signing_config} --trusted-root {trusted_root} \\\n    \
                 --identity-token \"$({token})\" IMAGE@DIGEST\n  \
               cosign verify --trusted-root {trusted_root} \\\n    \
                 --certificate-identity dev@example.com --certificate-oidc-issuer {issuer} IMAGE@DIGEST\n\n  \
               cosign sign-blob --yes --signing-config {signing_config} --trusted-root {trusted_root} \\\n    \
                 --identity-token \"$({token})\" --bundle FILE.sigstore.json FILE\n  \
               cosign verify-blob --trusted-root {trusted_root} --bundle FILE.sigstore.json \\\n    \
                 --certificate-identity dev@example.com --certificate-oidc-issuer {issuer} FILE\n\n\
             Or follow the trust root by TUF; the files are not named any more then:\n\n  \
               cosign initialize --mirror {trust} --root {tuf_root}\n\n\
             The issuer at {issuer} signs whatever its owner asks for: it is for development.\n\
             Data and keys: {data}. Stop with Ctrl-C."
        )
    }
}

/// Shorter to read and to type: relative to the working directory where it lies inside.
fn relative(path: &Path) -> String {
    let shortened =
        std::env::current_dir().ok().and_then(|here| Some(path.strip_prefix(here).ok()?.to_owned()));
    shortened.unwrap_or_else(|| path.to_owned()).display().to_string()
}
