//! Fetching an issuer's metadata and keys: bounded in time, size and redirects.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Origin, Url};

use crate::config::IssuerConfig;
use crate::issuer_keys::IssuerKeys;
use crate::reach::{PublicOnly, Reach};
use crate::service_account;

/// For each of the two requests.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest document.
const MAX_DOCUMENT: usize = 1 << 20;
/// Redirects, to the same host only.
const MAX_REDIRECTS: usize = 3;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

/// Keys one by one, for some may be of unknown kinds.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// What issuers are asked with.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    reach: Reach,
    /// The folder of a service account, and whether its `ca.crt` says whom to trust.
    service_account: Option<(PathBuf, bool)>,
}

/// A token, and the only host that may see it.
struct Bearer {
    token: String,
    origin: Origin,
}

/// How an issuer is asked.
pub(crate) fn client(reach: Reach, issuer: &IssuerConfig) -> reqwest::Result<Client> {
    let ca_cert = issuer.ca_cert.as_deref();
    let service_account = issuer.service_account.clone().map(|folder| (folder, ca_cert.is_none()));
    Ok(Client { http: http_client(reach, ca_cert)?, reach, service_account })
}

/// A client that follows redirects on one origin only, so that an issuer cannot send us elsewhere.
fn http_client(reach: Reach, ca_cert: Option<&str>) -> reqwest::Result<reqwest::Client> {
    let same_origin = reqwest::redirect::Policy::custom(|attempt| {
        let first = attempt.previous().first().map(Url::origin);
        if attempt.previous().len() <= MAX_REDIRECTS && first == Some(attempt.url().origin()) {
            attempt.follow()
        } else {
            attempt.error("a redirect to another host")
        }
    });
    let roots = ca_cert.map(|pem| reqwest::Certificate::from_pem_bundle(pem.as_bytes())).transpose()?;
    let builder = reqwest::Client::builder()
        .redirect(same_origin)
        .timeout(PATIENCE)
        .tls_certs_merge(roots.unwrap_or_default());
    let builder = match reach {
        Reach::Anywhere => builder,
        // A proxy would resolve the names itself.
        Reach::Public => builder.dns_resolver(PublicOnly).no_proxy(),
    };
    builder.build()
}

impl Client {
    /// How to ask an issuer: for a service account, with its files of now, which Kubernetes replaces.
    async fn for_issuer(&self, issuer: &str) -> Result<(Self, Option<Bearer>), String> {
        let Some((folder, has_authority)) = &self.service_account else { return Ok((self.clone(), None)) };
        let origin = Url::parse(issuer).map_err(|error| error.to_string())?.origin();
        let bearer = Bearer { token: service_account::token(folder).await?, origin };
        let mut client = self.clone();
        if *has_authority {
            let authority = service_account::authority(folder).await?;
            client.http = http_client(self.reach, Some(&authority)).map_err(|error| chain_of(&error))?;
        }
        Ok((client, Some(bearer)))
    }
}

/// The issuer's metadata, whose issuer must be exactly the configured one, then its keys.
pub(crate) async fn discover(client: &Client, issuer: &str) -> Result<IssuerKeys, String> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let (client, bearer) = client.for_issuer(issuer).await?;
    let bearer = bearer.as_ref();
    let metadata: Metadata =
        fetch(&client, bearer, &format!("{base}/.well-known/openid-configuration")).await?;
    if metadata.issuer != issuer {
        return Err(format!("its metadata names the issuer {}", metadata.issuer));
    }
    let set: KeySet = fetch(&client, bearer, &metadata.jwks_uri).await?;
    let announced =
        metadata.id_token_signing_alg_values_supported.unwrap_or_else(|| vec!["RS256".to_owned()]);
    Ok(IssuerKeys::new(set.keys, &announced))
}

async fn fetch<T: DeserializeOwned>(
    client: &Client,
    bearer: Option<&Bearer>,
    url: &str,
) -> Result<T, String> {
    let failed = |error: reqwest::Error| format!("{url}: {}", chain_of(&error));
    if !client.reach.allows(url) {
        return Err(format!("{url} is not a public address"));
    }
    let mut request = client.http.get(url);
    if let Some(bearer) =
        bearer.filter(|bearer| Url::parse(url).is_ok_and(|url| url.origin() == bearer.origin))
    {
        request = request.bearer_auth(&bearer.token);
    }
    let mut answer = request.send().await.map_err(failed)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("{url} answered {}", answer.status()));
    }
    let mut document = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(failed)? {
        document.extend_from_slice(&part);
        if document.len() > MAX_DOCUMENT {
            return Err(format!("{url} is longer than {MAX_DOCUMENT} bytes"));
        }
    }
    serde_json::from_slice(&document).map_err(|error| format!("{url}: {error}"))
}

/// The whole story of a failed request, not only its first line.
fn chain_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
