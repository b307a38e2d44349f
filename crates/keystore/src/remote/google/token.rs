use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sigstead_clock::Timestamp;
use sigstead_crypto::{Secret, SoftwareSigner, pem};
use zeroize::Zeroizing;

use crate::remote::bearer::{bearer, form};
use crate::remote::exchange::{Fault, client};
use crate::{KeystoreError, Surroundings};

const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";
/// The longest that Google lets an assertion live, in seconds.
const ASSERTION_LIFETIME: u64 = 3600;

/// Where access tokens come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The file that `GOOGLE_APPLICATION_CREDENTIALS` names.
    ServiceAccount(Box<ServiceAccount>),
    /// The metadata server of a machine or a pod.
    Metadata { host: String },
}

#[derive(Debug)]
pub(super) struct ServiceAccount {
    email: String,
    key_id: String,
    token_uri: String,
    key: SoftwareSigner,
}

#[derive(Deserialize)]
struct CredentialsFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    token_uri: Option<String>,
}

impl Source {
    pub(super) fn find(surroundings: &Surroundings) -> Result<Self, KeystoreError> {
        let Some(file) = surroundings.variable("GOOGLE_APPLICATION_CREDENTIALS") else {
            let host = surroundings.variable("GCE_METADATA_HOST");
            return Ok(Self::Metadata {
                host: host.unwrap_or_else(|| "metadata.google.internal".to_owned()),
            });
        };
        let text = std::fs::read(&file).map(Zeroizing::new);
        let account = text.map_err(|error| error.to_string()).and_then(|text| ServiceAccount::parse(&text));
        let account = account.map_err(|why| {
            KeystoreError::Service("Google's credentials".to_owned(), format!("{file}: {why}"))
        })?;
        Ok(Self::ServiceAccount(Box::new(account)))
    }

    /// A token, and when it runs out.
    pub(super) async fn token(
        &self,
        surroundings: &Surroundings,
    ) -> Result<(Secret<String>, Timestamp), Fault> {
        let clock = surroundings.clock.as_ref();
        let no_client = |error: KeystoreError| Fault::Final(error.to_string());
        match self {
            Self::ServiceAccount(account) => {
                let client = client(surroundings, |builder| builder).map_err(no_client)?;
                let assertion = account.assertion(clock.now())?;
                let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
                let fields = [("grant_type", grant), ("assertion", &assertion)];
                bearer(form(&client, &account.token_uri, &fields), clock).await
            }
            Self::Metadata { host } => {
                let client = client(surroundings, reqwest::ClientBuilder::no_proxy).map_err(no_client)?;
                let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
                bearer(client.get(url).header("Metadata-Flavor", "Google"), clock).await
            }
        }
    }
}

impl ServiceAccount {
    fn parse(text: &[u8]) -> Result<Self, String> {
        // Without the parser's own words, which could repeat a part of the key.
        let file: CredentialsFile =
            serde_json::from_slice(text).map_err(|_| "not a credentials file in JSON".to_owned())?;
        if file.kind != "service_account" {
            return Err(format!("credentials of the type {} are not supported", file.kind));
        }
        let (Some(email), Some(key_id), Some(key), Some(token_uri)) =
            (file.client_email, file.private_key_id, file.private_key, file.token_uri)
        else {
            return Err("client_email, private_key_id, private_key or token_uri is missing".to_owned());
        };
        let key = Zeroizing::new(key);
        let block = pem::blocks(key.as_bytes()).into_iter().find(|block| block.label == "PRIVATE KEY");
        let der = Zeroizing::new(block.ok_or("private_key is not a PKCS#8 key in PEM")?.der);
        let key = SoftwareSigner::from_pkcs8_der(&der).map_err(|error| error.to_string())?;
        Ok(Self { email, key_id, token_uri, key })
    }

    /// RFC 7523 §3, signed with RS256.
    fn assertion(&self, now: Timestamp) -> Result<String, Fault> {
        let issued = now.seconds();
        let header = json!({ "alg": "RS256", "kid": self.key_id, "typ": "JWT" });
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + ASSERTION_LIFETIME,
        });
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign_now(signed.as_bytes());
        let signature = signature.map_err(|error| Fault::Final(error.to_string()))?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
