use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sigstead_ca::ClientAlgorithms;
use sigstead_serve::Rate;

use super::{AuthoritiesSource, CaCtConfig, Config};

/// Certificates live this long unless the configuration says otherwise (Fulcio's ten minutes).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// `[ca]`.
pub(crate) struct CaConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) authorities: AuthoritiesSource,
    pub(crate) issuers: PathBuf,
    /// The issuance policy; without one every identity gets a certificate.
    pub(crate) policy: Option<PathBuf>,
    pub(crate) lifetime: Duration,
    /// The kinds of key that clients may have certified.
    pub(crate) client_algorithms: ClientAlgorithms,
    /// How many certificates one identity gets.
    pub(crate) identity_rate: Option<Rate>,
    /// Whether the audit trail is served on the admin port.
    pub(crate) audit_api: bool,
    /// Where certificates are logged.
    pub(crate) ct: Option<CaCtConfig>,
}

impl Config {
    /// `[ca]`, complete.
    pub(crate) fn ca(&self) -> anyhow::Result<CaConfig> {
        let raw = &self.raw.ca;
        if raw.audit_api {
            self.admin_listen()?
                .with_context(|| self.missing("admin.listen (ca.audit_api is served there)"))?;
        }
        let authorities = self.ca_authorities()?;
        if !authorities.names_a_key() {
            bail!(self.missing("ca.key"));
        }
        Ok(CaConfig {
            listen: self.needed_address(raw.listen.as_deref(), "ca.listen")?,
            authorities,
            issuers: self.needed_path(raw.issuers.as_deref(), "ca.issuers")?,
            policy: raw.policy.as_deref().map(|path| self.path(path)),
            lifetime: raw.lifetime_secs.map_or(DEFAULT_LIFETIME, Duration::from_secs),
            client_algorithms: self.client_algorithms()?,
            identity_rate: self.identity_rate()?,
            audit_api: raw.audit_api,
            ct: self.ca_ct()?,
        })
    }

    /// `ca.client_algorithms`, Fulcio's names; without it each kind of key with the hash of its strength.
    fn client_algorithms(&self) -> anyhow::Result<ClientAlgorithms> {
        let Some(names) = &self.raw.ca.client_algorithms else { return Ok(ClientAlgorithms::default()) };
        if names.is_empty() {
            bail!(self.wrong(
                "ca.client_algorithms",
                "[]",
                "name an algorithm, or leave it out for the usual ones"
            ));
        }
        let chosen = ClientAlgorithms::from_names(names.iter().map(String::as_str));
        chosen.with_context(|| format!("{}: ca.client_algorithms", self.file().display()))
    }

    /// What `[ca]` signs with.
    pub(crate) fn ca_authorities(&self) -> anyhow::Result<AuthoritiesSource> {
        let raw = &self.raw.ca;
        self.authorities("ca", (raw.authorities.as_deref(), raw.key.as_deref(), raw.chain.as_deref()))
    }

    /// Whether `[ca]` says what it signs with: to those who only look at its certificates.
    pub(super) const fn names_a_ca(&self) -> bool {
        self.raw.ca.authorities.is_some() || self.raw.ca.chain.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_key_are_the_usual_ones_unless_they_are_named() {
        let names = |text: &str| {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("sigstead.toml");
            std::fs::write(&file, format!("[ca]\n{text}")).unwrap();
            let chosen = Config::load(&file, &[]).unwrap().client_algorithms();
            chosen.map(|chosen| chosen.names().collect::<Vec<_>>()).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(names("").unwrap(), ClientAlgorithms::default().names().collect::<Vec<_>>());
        let wider = "client_algorithms = [\"ed25519\", \"ecdsa-sha2-256-nistp384\"]";
        assert_eq!(names(wider).unwrap(), ["ed25519", "ecdsa-sha2-256-nistp384"]);
        assert!(names("client_algorithms = []").unwrap_err().contains("ca.client_algorithms = \"[]\""));
        let wrong = names("client_algorithms = [\"dsa\"]").unwrap_err();
        assert!(wrong.contains("ca.client_algorithms: dsa is not an algorithm"), "{wrong}");
    }
}
