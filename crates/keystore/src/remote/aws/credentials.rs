use std::path::PathBuf;

use serde::Deserialize;
use sigstead_clock::Timestamp;
use sigstead_crypto::Secret;

use super::profile::Profile;
use super::sigv4::Keys;
use crate::remote::bearer::form;
use crate::remote::exchange::{Answer, Fault, client};
use crate::{KeystoreError, SecretSource, Surroundings};

const NEVER: Timestamp = Timestamp::from_millis(u64::MAX);
/// Where containers ask on ECS.
const ECS: &str = "http://169.254.170.2";
/// Hosts that may be asked for a container's credentials without TLS: ECS, EKS, this machine.
const NEAR: [&str; 6] =
    ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "[::1]", "localhost"];

/// Where credentials come from; the first place of the usual order that holds any.
#[derive(Debug)]
pub(super) enum Source {
    /// `AWS_ACCESS_KEY_ID` and its like, or a profile.
    Fixed(Keys),
    /// A token of an identity provider, as EKS mounts it.
    WebIdentity { sts: String, role: String, token: PathBuf },
    /// A container's agent: ECS, EKS.
    Container { url: String, authorization: Option<SecretSource> },
    /// The machine's metadata service, version 2.
    Instance { endpoint: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issued {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: String,
}

impl Source {
    pub(super) fn find(profile: &Profile, sts: String, from: &Surroundings) -> Result<Self, KeystoreError> {
        let variable = |name: &str| from.variable(name);
        let keys = |id, secret, session: Option<String>| {
            Self::Fixed(Keys { id, secret: Secret::new(secret), session: session.map(Secret::new) })
        };
        let setting = |name: &str| profile.setting(name).map(str::to_owned);
        if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            return Ok(keys(id, secret, variable("AWS_SESSION_TOKEN")));
        }
        let role = variable("AWS_ROLE_ARN").or_else(|| setting("role_arn"));
        let token = variable("AWS_WEB_IDENTITY_TOKEN_FILE").or_else(|| setting("web_identity_token_file"));
        if let (Some(role), Some(token)) = (role, token) {
            return Ok(Self::WebIdentity { sts, role, token: token.into() });
        }
        if let (Some(id), Some(secret)) = (setting("aws_access_key_id"), setting("aws_secret_access_key")) {
            return Ok(keys(id, secret, setting("aws_session_token")));
        }
        for unknown in ["role_arn", "sso_session", "sso_start_url", "credential_process"] {
            if profile.setting(unknown).is_some() {
                return Err(unusable(&format!("the profile's {unknown} is not supported")));
            }
        }
        let authorization = || {
            let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                .map(|file| SecretSource::File(file.into()));
            let name = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
            file.or_else(|| variable(name).map(|_| SecretSource::Environment(name.to_owned())))
        };
        if let Some(path) = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return Ok(Self::Container { url: format!("{ECS}{path}"), authorization: authorization() });
        }
        if let Some(url) = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            return near(&url).map(|()| Self::Container { url, authorization: authorization() });
        }
        if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Err(unusable("there are none"));
        }
        let endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        Ok(Self::Instance { endpoint: endpoint.unwrap_or_else(|| "http://169.254.169.254".to_owned()) })
    }

    /// The keys, and when they run out.
    pub(super) async fn keys(&self, surroundings: &Surroundings) -> Result<(Keys, Timestamp), Fault> {
        match self {
            Self::Fixed(keys) => Ok((keys.clone(), NEVER)),
            Self::WebIdentity { sts, role, token } => assume(sts, role, token.clone(), surroundings).await,
            Self::Container { url, authorization } => {
                let mut request = near_client(surroundings)?.get(url);
                if let Some(source) = authorization {
                    let secret =
                        source.read(surroundings).map_err(|error| Fault::Final(error.to_string()))?;
                    request = request.header("Authorization", secret.expose());
                }
                Answer::to(request).await?.json::<Issued>()?.keys()
            }
            Self::Instance { endpoint } => instance(endpoint, surroundings).await,
        }
    }
}

impl Issued {
    fn keys(self) -> Result<(Keys, Timestamp), Fault> {
        let until = Timestamp::from_rfc3339(&self.expiration)
            .ok_or_else(|| Fault::Final("credentials without the time of their end".to_owned()))?;
        let secret = Secret::new(self.secret_access_key);
        Ok((Keys { id: self.access_key_id, secret, session: self.token.map(Secret::new) }, until))
    }
}

/// `AssumeRoleWithWebIdentity` of STS.
async fn assume(
    sts: &str,
    role: &str,
    token: PathBuf,
    surroundings: &Surroundings,
) -> Result<(Keys, Timestamp), Fault> {
    let final_ = |error: KeystoreError| Fault::Final(error.to_string());
    let token = SecretSource::File(token).read(surroundings).map_err(final_)?;
    let session = surroundings.variable("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "sigstead".to_owned());
    let client = client(surroundings, |builder| builder).map_err(final_)?;
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", &session),
        ("WebIdentityToken", token.expose()),
    ];
    let answer = Answer::to(form(&client, sts, &fields)).await?;
    let text = String::from_utf8_lossy(&answer.body);
    let field = |name: &str| element(&text, name).map(str::to_owned);
    if !answer.status.is_success() {
        let why = format!("STS: {} {}", answer.status, field("Message").unwrap_or_default());
        return Err(if answer.status.is_server_error() { Fault::Passing(why) } else { Fault::Denied(why) });
    }
    let issued = field("AccessKeyId").zip(field("SecretAccessKey")).zip(field("Expiration"));
    let Some(((access_key_id, secret_access_key), expiration)) = issued else {
        return Err(Fault::Final("STS: the answer has no credentials".to_owned()));
    };
    Issued { access_key_id, secret_access_key, token: field("SessionToken"), expiration }.keys()
}

/// The text of the first element of that name; the ones that are asked for here have no markup in them.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(text, _)| text.trim())
}

async fn instance(endpoint: &str, surroundings: &Surroundings) -> Result<(Keys, Timestamp), Fault> {
    let client = near_client(surroundings)?;
    let endpoint = endpoint.trim_end_matches('/');
    let told = |fault: Fault| match fault {
        Fault::Passing(why) => Fault::Passing(format!("the instance's metadata: {why}")),
        other => other,
    };
    let request = client.put(format!("{endpoint}/latest/api/token"));
    let token = text(request.header("X-aws-ec2-metadata-token-ttl-seconds", "21600")).await.map_err(told)?;
    let get = |path: &str| {
        let url = format!("{endpoint}/latest/meta-data/iam/security-credentials/{path}");
        client.get(url).header("X-aws-ec2-metadata-token", &token)
    };
    let role = text(get("")).await.map_err(told)?;
    Answer::to(get(role.lines().next().unwrap_or_default())).await?.json::<Issued>()?.keys()
}

async fn text(request: reqwest::RequestBuilder) -> Result<String, Fault> {
    let answer = Answer::to(request).await?;
    match String::from_utf8(answer.body) {
        Ok(text) if answer.status.is_success() => Ok(text),
        _ => Err(Fault::Passing(answer.status.to_string())),
    }
}

/// What is on this machine or beside it is not behind a proxy.
fn near_client(surroundings: &Surroundings) -> Result<reqwest::Client, Fault> {
    client(surroundings, reqwest::ClientBuilder::no_proxy).map_err(|error| Fault::Final(error.to_string()))
}

fn near(url: &str) -> Result<(), KeystoreError> {
    let parsed = reqwest::Url::parse(url).ok();
    let is_safe = |url: reqwest::Url| {
        url.scheme() == "https" || url.host_str().is_some_and(|host| NEAR.contains(&host))
    };
    if parsed.is_some_and(is_safe) {
        Ok(())
    } else {
        Err(unusable("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https:// nor on this machine"))
    }
}

fn unusable(why: &str) -> KeystoreError {
    let hint =
        "hint: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of the pod, the task or the machine";
    KeystoreError::Service("AWS credentials".to_owned(), format!("{why}\n  {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_an_answer() {
        let xml = "<A><AccessKeyId>ASIA1</AccessKeyId><Expiration> 2026-11-21T09:00:00Z\n</Expiration></A>";
        assert_eq!(element(xml, "AccessKeyId"), Some("ASIA1"));
        assert_eq!(element(xml, "Expiration"), Some("2026-11-21T09:00:00Z"));
        assert_eq!(element(xml, "SecretAccessKey"), None);
    }

    #[test]
    fn tokens_of_containers_go_to_near_hosts_or_over_tls() {
        for good in
            ["https://agent.example.com/x", "http://169.254.170.23/v1/credentials", "http://127.0.0.1:80/"]
        {
            near(good).unwrap();
        }
        for bad in ["http://example.com/", "http://169.254.170.23.example.com/", "nonsense"] {
            near(bad).unwrap_err();
        }
    }
}
