//! AWS KMS, over its JSON protocol.

mod credentials;
mod generate;
mod profile;
mod sigv4;
mod uri;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sigstead_crypto::{PublicKey, SignatureAlgorithm};

use super::cached::Cached;
use super::exchange::{Answer, Fault, client, persist};
use crate::{KeystoreError, Surroundings};
use credentials::Source;
pub(crate) use generate::make_missing;
use profile::Profile;
use sigv4::{Keys, Scope};
pub use uri::AwsKmsUri;

/// KMS hashes messages up to here itself; of longer ones it takes the digest.
const MAX_MESSAGE: usize = 4096;

/// What KMS says when the caller is not known, or not let in.
const DENIALS: [&str; 7] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];
/// What it says when it could not, this time.
const PASSING: [&str; 4] =
    ["DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException", "ThrottlingException"];

/// One key of AWS KMS.
#[derive(Debug)]
pub(crate) struct AwsKms {
    door: Box<Door>,
    /// Its ARN: an alias may name another key tomorrow.
    key: String,
}

/// Where KMS is, and what lets us in.
#[derive(Debug)]
struct Door {
    url: reqwest::Url,
    scope: Scope,
    source: Source,
    keys: Cached<Keys>,
    client: reqwest::Client,
    surroundings: Surroundings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    key_id: String,
    public_key: String,
    /// Absent when the key does not sign.
    signing_algorithms: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Signed {
    signature: String,
}

impl AwsKms {
    /// Finds the key.
    pub(crate) async fn connect(
        uri: &AwsKmsUri,
        surroundings: &Surroundings,
    ) -> Result<(Self, PublicKey), KeystoreError> {
        let door = Box::new(Door::open(uri, surroundings)?);
        let needs = "the caller needs kms:GetPublicKey and kms:Sign for the key";
        let unusable = |fault: Fault| door.unusable(fault.told(needs));
        let wanted = json!({ "KeyId": uri.key });
        let described = persist(surroundings.patience, || door.call("GetPublicKey", &wanted)).await;
        let described: Described = described.map_err(unusable)?;
        let spki = BASE64_STANDARD.decode(&described.public_key).unwrap_or_default();
        let public_key = PublicKey::from_spki_der(&spki)?;
        let algorithm = name(SignatureAlgorithm::of(public_key.kind()));
        if !described.signing_algorithms.iter().flatten().any(|other| other == algorithm) {
            let why = format!("the key does not sign by {algorithm}; its usage must be SIGN_VERIFY");
            return Err(unusable(Fault::Final(why)));
        }
        Ok((Self { door, key: described.key_id }, public_key))
    }

    pub(super) async fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let (kind, content) = match (message.len(), algorithm) {
            (1..=MAX_MESSAGE, _) => ("RAW", message.to_vec()),
            (_, SignatureAlgorithm::Ed25519) => {
                let why = format!("Ed25519 keys sign messages from 1 to {MAX_MESSAGE} bytes there");
                return Err(Fault::Final(why));
            }
            _ => ("DIGEST", algorithm.hash().digest(message)),
        };
        let wanted = json!({
            "KeyId": self.key,
            "Message": BASE64_STANDARD.encode(content),
            "MessageType": kind,
            "SigningAlgorithm": name(algorithm),
        });
        let signed: Signed = self.door.call("Sign", &wanted).await?;
        BASE64_STANDARD
            .decode(&signed.signature)
            .map_err(|_| Fault::Final("the signature is not base64".to_owned()))
    }

    /// Whether there can be others than those that were refused.
    pub(super) async fn forget_credentials(&self) -> bool {
        self.door.keys.forget().await;
        !matches!(self.door.source, Source::Fixed(_))
    }
}

impl Door {
    fn open(uri: &AwsKmsUri, surroundings: &Surroundings) -> Result<Self, KeystoreError> {
        let variable = |name: &str| surroundings.variable(name);
        let unusable = |why: &str| KeystoreError::Service("AWS KMS".to_owned(), why.to_owned());
        let profile = Profile::read(surroundings);
        let region = uri.region().map(str::to_owned).or_else(|| variable("AWS_REGION"));
        let region = region.or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.or_else(|| profile.setting("region").map(str::to_owned));
        let region =
            region.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        let region = region.ok_or_else(|| {
            unusable("there is no region\n  hint: set AWS_REGION, or name the key by its ARN")
        })?;
        let endpoint = |service: &str| {
            let named = variable(&format!("AWS_ENDPOINT_URL_{}", service.to_uppercase()));
            let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
            let usual = || format!("https://{service}.{region}.amazonaws.com{suffix}");
            named.or_else(|| variable("AWS_ENDPOINT_URL")).unwrap_or_else(usual)
        };
        let url = uri.endpoint.as_ref().map_or_else(|| endpoint("kms"), |host| format!("https://{host}"));
        let url = reqwest::Url::parse(&url).map_err(|_| unusable("its endpoint is not a URL"))?;
        Ok(Self {
            url,
            source: Source::find(&profile, endpoint("sts"), surroundings)?,
            scope: Scope { region, service: "kms" },
            keys: Cached::new(surroundings.clock.clone()),
            client: client(surroundings, |builder| builder)?,
            surroundings: surroundings.clone(),
        })
    }

    /// As the header of that name has it.
    fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// What is told when KMS, or the key in it, cannot be used.
    fn unusable(&self, why: String) -> KeystoreError {
        KeystoreError::Service(format!("AWS KMS at {}", self.host()), why)
    }

    async fn call<T: DeserializeOwned>(&self, deed: &str, wanted: &Value) -> Result<T, Fault> {
        self.ask(deed, wanted).await?.json()
    }

    /// What KMS answered, if it did what it was asked for.
    async fn ask(&self, deed: &str, wanted: &Value) -> Result<Answer, Fault> {
        let keys = self.keys.or_fetch(self.source.keys(&self.surroundings)).await?;
        let body = wanted.to_string();
        let (host, target) = (self.host(), format!("TrentService.{deed}"));
        let date = sigv4::date(self.surroundings.clock.now());
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.1"),
            ("host", host.as_str()),
            ("x-amz-date", &date),
        ];
        headers.extend(keys.session.as_ref().map(|token| ("x-amz-security-token", token.expose().as_str())));
        headers.push(("x-amz-target", &target));
        let authorization = sigv4::authorization(&keys, &self.scope, &headers, body.as_bytes());
        let mut request = self.client.post(self.url.clone()).header("authorization", authorization);
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let answer = Answer::to(request.body(body)).await?;
        match fault(&answer) {
            Some(fault) => Err(fault),
            None => answer.accepted(),
        }
    }
}

/// KMS answers 400 to almost everything, and tells in the body what it means.
fn fault(answer: &Answer) -> Option<Fault> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let kind = body.pointer("/__type")?.as_str()?;
    let kind = kind.rsplit('#').next().unwrap_or(kind);
    let why = format!("{kind}: {}", answer.refusal());
    Some(match kind {
        "NotFoundException" => Fault::Missing(why),
        kind if DENIALS.contains(&kind) => Fault::Denied(why),
        kind if PASSING.contains(&kind) || answer.status.is_server_error() => Fault::Passing(why),
        _ => Fault::Final(why),
    })
}

const fn name(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => "ECDSA_SHA_256",
        SignatureAlgorithm::EcdsaP384Sha384 => "ECDSA_SHA_384",
        SignatureAlgorithm::EcdsaP521Sha512 => "ECDSA_SHA_512",
        SignatureAlgorithm::RsaPkcs1Sha256 => "RSASSA_PKCS1_V1_5_SHA_256",
        SignatureAlgorithm::Ed25519 => "ED25519_SHA_512",
    }
}
