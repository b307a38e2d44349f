use std::sync::Arc;

use sigstead_crypto::{KeyKind, Signer};

use crate::remote::aws::{self, AwsKms};
use crate::remote::azure::{self, AzureKms};
use crate::remote::google::{self, GcpKms};
use crate::remote::vault::{self, Vault};
use crate::remote::{RemoteSigner, Service};
use crate::{
    AwsKmsUri, AzureKmsUri, FileUri, GcpKmsUri, KeystoreError, Pkcs11Signer, Pkcs11Uri, Surroundings,
    VaultUri, generate_file, open_file, pkcs11,
};

/// Names a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUri {
    /// `file:PATH`, a file in PEM.
    File(FileUri),
    /// `pkcs11:…`, a key in a token (RFC 7512).
    Pkcs11(Pkcs11Uri),
    /// `awskms://…`, a key in AWS KMS.
    AwsKms(AwsKmsUri),
    /// `azurekms://…`, a key in Azure Key Vault.
    AzureKms(AzureKmsUri),
    /// `gcpkms://…`, a key in Google Cloud KMS.
    GcpKms(GcpKmsUri),
    /// `hashivault://…`, a key in Vault's or OpenBao's transit engine.
    Vault(VaultUri),
}

impl KeyUri {
    /// Reads a key URI.
    ///
    /// # Errors
    /// When it is none, or names no key.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let (scheme, rest) = text.split_once(':').unwrap_or_default();
        match (scheme, rest.strip_prefix("//")) {
            ("file", _) => FileUri::parse(rest).map(Self::File),
            ("pkcs11", _) => Pkcs11Uri::parse(rest).map(Self::Pkcs11),
            ("awskms", Some(rest)) => AwsKmsUri::parse(rest).map(Self::AwsKms),
            ("azurekms", Some(rest)) => AzureKmsUri::parse(rest).map(Self::AzureKms),
            ("gcpkms", Some(rest)) => GcpKmsUri::parse(rest).map(Self::GcpKms),
            ("hashivault", Some(rest)) => VaultUri::parse(rest).map(Self::Vault),
            _ => Err(KeystoreError::NotAUri(text.to_owned())),
        }
    }
}

/// Makes the key that a URI names if it is not there, and says whether it did.
///
/// # Errors
/// When it cannot be made, or the keystore cannot be asked.
pub async fn make_missing(
    uri: &str,
    kind: KeyKind,
    surroundings: &Surroundings,
) -> Result<bool, KeystoreError> {
    match KeyUri::parse(uri)? {
        KeyUri::File(uri) if uri.path.exists() => Ok(false),
        KeyUri::File(uri) => {
            let password = uri.password.map(|source| source.read(surroundings)).transpose()?;
            generate_file(&uri.path, kind, password.as_ref()).map(|()| true)
        }
        KeyUri::Pkcs11(uri) => {
            let pin = uri.pin.read(surroundings)?;
            pkcs11::make_missing(&uri, &pin, kind)
        }
        KeyUri::AwsKms(uri) => aws::make_missing(&uri, kind, surroundings).await,
        KeyUri::AzureKms(uri) => azure::make_missing(&uri, kind, surroundings).await,
        KeyUri::GcpKms(uri) => google::make_missing(&uri, kind, surroundings).await,
        KeyUri::Vault(uri) => vault::make_missing(&uri, kind, surroundings).await,
    }
}

/// The signer that a URI names.
///
/// # Errors
/// When the URI, the keystore or the key is unusable.
pub async fn open(uri: &str, surroundings: &Surroundings) -> Result<Arc<dyn Signer>, KeystoreError> {
    match KeyUri::parse(uri)? {
        KeyUri::File(uri) => {
            let password = uri.password.map(|source| source.read(surroundings)).transpose()?;
            Ok(Arc::new(open_file(&uri.path, password.as_ref())?))
        }
        KeyUri::Pkcs11(uri) => {
            let pin = uri.pin.read(surroundings)?;
            Ok(Arc::new(Pkcs11Signer::open(uri, pin)?))
        }
        KeyUri::AwsKms(uri) => {
            let (aws, key) = AwsKms::connect(&uri, surroundings).await?;
            Ok(Arc::new(RemoteSigner::new(Service::AwsKms(aws), key, surroundings.patience)))
        }
        KeyUri::AzureKms(uri) => {
            let (azure, key) = AzureKms::connect(&uri, surroundings).await?;
            Ok(Arc::new(RemoteSigner::new(Service::AzureKms(azure), key, surroundings.patience)))
        }
        KeyUri::GcpKms(uri) => {
            let (google, key) = GcpKms::connect(uri, surroundings).await?;
            Ok(Arc::new(RemoteSigner::new(Service::GcpKms(Box::new(google)), key, surroundings.patience)))
        }
        KeyUri::Vault(uri) => {
            let (vault, key) = Vault::connect(&uri, surroundings).await?;
            Ok(Arc::new(RemoteSigner::new(Service::Vault(vault), key, surroundings.patience)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_apart() {
        assert!(matches!(KeyUri::parse("file:a/b.key"), Ok(KeyUri::File(_))));
        assert!(matches!(KeyUri::parse("pkcs11:token=x"), Err(KeystoreError::Uri(..))));
        assert!(matches!(KeyUri::parse("awskms:///key"), Ok(KeyUri::AwsKms(_))));
        assert!(matches!(KeyUri::parse("file:"), Err(KeystoreError::Uri(..))));
        assert!(matches!(KeyUri::parse("/etc/key.pem"), Err(KeystoreError::NotAUri(_))));
    }
}
