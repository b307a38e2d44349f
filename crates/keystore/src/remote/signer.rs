use std::time::Duration;

use sigstead_crypto::{PublicKey, SignError, SignFuture, SignatureAlgorithm, Signer};

use super::aws::AwsKms;
use super::azure::AzureKms;
use super::exchange::{Fault, persist};
use super::google::GcpKms;
use super::vault::Vault;
use crate::checked::checked;

/// Signs with a key that never leaves the service which holds it.
#[derive(Debug)]
pub(crate) struct RemoteSigner {
    service: Service,
    public_key: PublicKey,
    algorithm: SignatureAlgorithm,
    patience: Duration,
}

/// The services that hold keys, each with one key of one version.
#[derive(Debug)]
pub(crate) enum Service {
    AwsKms(AwsKms),
    AzureKms(AzureKms),
    GcpKms(Box<GcpKms>),
    Vault(Vault),
}

impl RemoteSigner {
    pub(crate) fn new(service: Service, public_key: PublicKey, patience: Duration) -> Self {
        let algorithm = SignatureAlgorithm::of(public_key.kind());
        Self { service, public_key, algorithm, patience }
    }

    async fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let attempt = || self.service.sign(self.algorithm, message);
        let mut signed = persist(self.patience, attempt).await;
        if matches!(signed, Err(Fault::Denied(_))) && self.service.renew_credentials().await {
            signed = persist(self.patience, attempt).await;
        }
        let holder = self.service.name();
        let signature = signed.map_err(|fault| SignError::new(format!("{holder}: {fault}")))?;
        checked(holder, signature, &self.public_key, self.algorithm, message)
    }
}

impl Signer for RemoteSigner {
    fn sign<'a>(&'a self, message: &'a [u8]) -> SignFuture<'a> {
        Box::pin(self.signature(message))
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl Service {
    /// One attempt.
    async fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        match self {
            Self::AwsKms(aws) => aws.sign(algorithm, message).await,
            Self::AzureKms(azure) => azure.sign(algorithm, message).await,
            Self::GcpKms(google) => google.sign(algorithm, message).await,
            Self::Vault(vault) => vault.sign(algorithm, message).await,
        }
    }

    /// After a refusal: whether there may be other credentials than those that were refused.
    async fn renew_credentials(&self) -> bool {
        match self {
            Self::AwsKms(aws) => aws.forget_credentials().await,
            Self::AzureKms(azure) => azure.forget_token().await,
            Self::GcpKms(google) => google.forget_token().await,
            Self::Vault(vault) => vault.read_token_again(),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::AwsKms(_) => "AWS KMS",
            Self::AzureKms(_) => "Azure Key Vault",
            Self::GcpKms(_) => "Google Cloud KMS",
            Self::Vault(_) => "Vault",
        }
    }
}
