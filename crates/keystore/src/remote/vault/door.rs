use std::path::Path;
use std::sync::{Mutex, PoisonError};

use reqwest::redirect::{Attempt, Policy};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_crypto::Secret;

use crate::remote::exchange::{Answer, Fault, client};
use crate::{KeystoreError, SecretSource, Surroundings};

/// Where Vault is, and what lets us in.
pub(super) struct Door {
    address: String,
    namespace: Option<String>,
    client: reqwest::Client,
    source: SecretSource,
    token: Mutex<Secret<String>>,
    surroundings: Surroundings,
}

impl Door {
    /// By the variables that Vault's own clients read.
    pub(super) fn open(
        source: Option<&SecretSource>,
        surroundings: &Surroundings,
    ) -> Result<Self, KeystoreError> {
        let misplaced = |why: &str| KeystoreError::Service("Vault".to_owned(), why.to_owned());
        let address = surroundings.variable("VAULT_ADDR").ok_or_else(|| {
            misplaced("VAULT_ADDR is not set\n  hint: VAULT_ADDR=https://vault.example.com:8200")
        })?;
        let url = reqwest::Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none_or(|url| !url.username().is_empty() || url.password().is_some()) {
            return Err(misplaced("VAULT_ADDR is not an http:// or https:// URL"));
        }
        let roots = match surroundings.variable("VAULT_CACERT") {
            Some(file) => {
                let pem = std::fs::read(&file);
                let pem = pem.map_err(|error| misplaced(&format!("VAULT_CACERT {file}: {error}")))?;
                reqwest::Certificate::from_pem_bundle(&pem)?
            }
            None => Vec::new(),
        };
        let source = source.cloned().or_else(|| usual_source(surroundings)).ok_or_else(|| {
            misplaced("there is no token\n  hint: set VAULT_TOKEN, or write token-source=file:PATH into the key's URI")
        })?;
        let token = Mutex::new(source.read(surroundings)?);
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            namespace: surroundings.variable("VAULT_NAMESPACE"),
            client: client(surroundings, |builder| {
                builder.tls_certs_merge(roots).redirect(Policy::custom(to_the_active_server))
            })?,
            source,
            token,
            surroundings: surroundings.clone(),
        })
    }

    /// What is told when Vault, or the key in it, cannot be used.
    pub(super) fn unusable(&self, why: String) -> KeystoreError {
        KeystoreError::Service(format!("Vault at {}", self.address), why)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        Answer::to(self.admitted(self.client.get(self.url(path)))).await?.json()
    }

    /// The answer, whatever its status: some deeds are answered without a word.
    pub(super) async fn post(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Answer, Fault> {
        Answer::to(self.admitted(self.client.post(self.url(path)).json(body))).await
    }

    /// Agents replace tokens in their files. False if it is the same one, or none can be read.
    pub(super) fn read_token_again(&self) -> bool {
        let Ok(found) = self.source.read(&self.surroundings) else { return false };
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = token.expose() != found.expose();
        *token = found;
        is_new
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.address)
    }

    fn admitted(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let request = request.header("X-Vault-Request", "true").header("X-Vault-Token", token.expose());
        match &self.namespace {
            Some(namespace) => request.header("X-Vault-Namespace", namespace),
            None => request,
        }
    }
}

fn usual_source(surroundings: &Surroundings) -> Option<SecretSource> {
    let variable = "VAULT_TOKEN";
    if surroundings.variable(variable).is_some() {
        return Some(SecretSource::Environment(variable.to_owned()));
    }
    let file = Path::new(&surroundings.variable("HOME")?).join(".vault-token");
    file.exists().then_some(SecretSource::File(file))
}

/// A standby server names the active one; never one that is spoken to without TLS where this one has it.
fn to_the_active_server(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let from = attempt.previous();
    if from.len() == 1 && from.iter().all(|url| url.scheme() == attempt.url().scheme()) {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Door({})", self.address)
    }
}
