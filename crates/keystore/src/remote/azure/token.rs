use sigstead_clock::Timestamp;
use sigstead_crypto::Secret;

use crate::remote::bearer::{bearer, form};
use crate::remote::exchange::{Fault, client};
use crate::{KeystoreError, SecretSource, Surroundings};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where access tokens come from; the first place of the usual order.
#[derive(Debug)]
pub(super) enum Source {
    /// An application of Entra: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, and its proof.
    Application { url: String, client_id: String, proof: Proof },
    /// The identity of the machine.
    Machine { endpoint: String, client_id: Option<String> },
}

#[derive(Debug)]
pub(super) enum Proof {
    /// `AZURE_CLIENT_SECRET`.
    Secret(SecretSource),
    /// A token of Kubernetes, read anew each time: `AZURE_FEDERATED_TOKEN_FILE`.
    Federated(SecretSource),
}

impl Source {
    pub(super) fn find(surroundings: &Surroundings) -> Self {
        let variable = |name: &str| surroundings.variable(name);
        let secret = "AZURE_CLIENT_SECRET";
        let secret = variable(secret).map(|_| Proof::Secret(SecretSource::Environment(secret.to_owned())));
        let federated = || {
            let file = variable("AZURE_FEDERATED_TOKEN_FILE")?;
            Some(Proof::Federated(SecretSource::File(file.into())))
        };
        let client_id = variable("AZURE_CLIENT_ID");
        match (variable("AZURE_TENANT_ID"), client_id, secret.or_else(federated)) {
            (Some(tenant), Some(client_id), Some(proof)) => {
                let authority = variable("AZURE_AUTHORITY_HOST");
                let authority = authority.as_deref().unwrap_or("https://login.microsoftonline.com");
                let url = format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/'));
                Self::Application { url, client_id, proof }
            }
            (_, client_id, _) => {
                let endpoint = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
                let endpoint = endpoint.unwrap_or_else(|| "http://169.254.169.254".to_owned());
                Self::Machine { endpoint: endpoint.trim_end_matches('/').to_owned(), client_id }
            }
        }
    }

    /// A token for `resource`, and when it runs out.
    pub(super) async fn token(
        &self,
        resource: &str,
        surroundings: &Surroundings,
    ) -> Result<(Secret<String>, Timestamp), Fault> {
        let clock = surroundings.clock.as_ref();
        let unusable = |error: KeystoreError| Fault::Final(error.to_string());
        match self {
            Self::Application { url, client_id, proof } => {
                let client = client(surroundings, |builder| builder).map_err(unusable)?;
                let scope = format!("{resource}/.default");
                let (Proof::Secret(source) | Proof::Federated(source)) = proof;
                let secret = source.read(surroundings).map_err(unusable)?;
                let mut fields = vec![
                    ("client_id", client_id.as_str()),
                    ("grant_type", "client_credentials"),
                    ("scope", &scope),
                ];
                match proof {
                    Proof::Secret(_) => fields.push(("client_secret", secret.expose())),
                    Proof::Federated(_) => {
                        fields.push(("client_assertion_type", ASSERTION));
                        fields.push(("client_assertion", secret.expose()));
                    }
                }
                bearer(form(&client, url, &fields), clock).await
            }
            Self::Machine { endpoint, client_id } => {
                let client = client(surroundings, reqwest::ClientBuilder::no_proxy).map_err(unusable)?;
                let url = machine_url(endpoint, client_id.as_deref(), resource);
                bearer(client.get(url).header("Metadata", "true"), clock).await
            }
        }
    }
}

fn machine_url(endpoint: &str, client_id: Option<&str>, resource: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("api-version", "2018-02-01").append_pair("resource", resource);
    query.extend_pairs(client_id.map(|client_id| ("client_id", client_id)));
    format!("{endpoint}/metadata/identity/oauth2/token?{}", query.finish())
}
