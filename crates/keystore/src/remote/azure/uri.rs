use crate::KeystoreError;

/// Longer than any vault's or key's name.
const MAX_URI: usize = 512;
/// The domains of vaults, in each of Azure's clouds; tokens go nowhere else.
const DOMAINS: [&str; 6] = [
    "vault.azure.net",
    "vault.azure.cn",
    "vault.usgovcloudapi.net",
    "managedhsm.azure.net",
    "managedhsm.azure.cn",
    "managedhsm.usgovcloudapi.net",
];

/// A key in Azure Key Vault: `azurekms://VAULT.vault.azure.net/KEY`, with `/VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureKmsUri {
    /// The vault's host.
    pub vault: String,
    /// The key's name.
    pub key: String,
    /// The version to sign with; the newest one at the start if there is none.
    pub version: Option<String>,
}

impl AzureKmsUri {
    /// Reads what stands after `azurekms://`.
    ///
    /// # Errors
    /// When it names no key in one of Azure's vaults.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let is_name = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let mut parts = text.split('/');
        let (vault, key, version) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let named = vault.split_once('.').filter(|(name, domain)| is_name(name) && DOMAINS.contains(domain));
        let key = key.filter(|key| is_name(key) && named.is_some() && text.len() <= MAX_URI);
        match (key, parts.next()) {
            (Some(key), None) if version.is_none_or(is_name) => {
                Ok(Self { vault: vault.to_owned(), key: key.to_owned(), version: version.map(str::to_owned) })
            }
            _ => {
                let hint = "write azurekms://VAULT.vault.azure.net/KEY or …/KEY/VERSION";
                Err(KeystoreError::Uri("azurekms", hint.to_owned()))
            }
        }
    }

    /// Of the key, without a version.
    pub(super) fn url(&self) -> String {
        format!("https://{}/keys/{}", self.vault, self.key)
    }

    /// Whether it is a Managed HSM, in which every key is in hardware.
    pub(super) fn is_managed_hsm(&self) -> bool {
        self.vault.contains(".managedhsm.")
    }

    /// For what tokens are asked.
    pub(super) fn resource(&self) -> String {
        format!("https://{}", self.vault.split_once('.').map_or("", |(_, domain)| domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_their_versions() {
        let uri = AzureKmsUri::parse("myvault.vault.azure.net/testkey").unwrap();
        assert_eq!((uri.key.as_str(), uri.version.as_deref()), ("testkey", None));
        assert_eq!(uri.resource(), "https://vault.azure.net");
        assert_eq!(
            (uri.url().as_str(), uri.is_managed_hsm()),
            ("https://myvault.vault.azure.net/keys/testkey", false)
        );
        let uri = AzureKmsUri::parse("hsm.managedhsm.azure.cn/k/0123abcd").unwrap();
        assert_eq!(uri.version.as_deref(), Some("0123abcd"));
        assert_eq!(uri.resource(), "https://managedhsm.azure.cn");
        assert!(uri.is_managed_hsm());
    }

    #[test]
    fn tokens_go_to_azures_vaults_only() {
        for wrong in [
            "",
            "myvault.vault.azure.net",
            "myvault.vault.azure.net/",
            "myvault.vault.azure.net/k/v/w",
            "myvault.vault.azure.net/k?v",
            "vault.azure.net/k",
            "myvault.vault.azure.net.example.com/k",
            "a.b.vault.azure.net/k",
            "myvault/k",
        ] {
            AzureKmsUri::parse(wrong).unwrap_err();
        }
    }
}
