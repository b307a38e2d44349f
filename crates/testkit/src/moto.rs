use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::installed;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// AWS' KMS, IAM, STS and instance metadata on loopback, by moto, in the region `eu-west-1`.
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    server: Child,
    http: reqwest::Client,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Moto {
    /// Where `key`s of this server are.
    pub const REGION: &str = "eu-west-1";
    /// A role that may use every key.
    pub const ROLE: &str = "arn:aws:iam::123456789012:role/signer";

    /// Starts one.
    ///
    /// # Panics
    /// When the program is not there or does not start.
    pub async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let server = Command::new(installed("moto_server"))
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server; scripts/test installs it");
        let moto = Self { address, server, http: reqwest::Client::new() };
        let deadline = Instant::now() + PATIENCE;
        while moto.http.get(moto.url()).send().await.is_err() {
            assert!(Instant::now() < deadline, "moto did not start");
            sleep(Duration::from_millis(50)).await;
        }
        moto
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a key; its id and its SubjectPublicKeyInfo in base64.
    ///
    /// # Panics
    /// When moto makes none.
    pub async fn make_key(&self, spec: &str, usage: &str) -> (String, String) {
        let made = self.kms("CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage })).await;
        let id = made.pointer("/KeyMetadata/KeyId").and_then(Value::as_str).expect("an id").to_owned();
        let shown = self.kms("GetPublicKey", &json!({ "KeyId": id })).await;
        let key = shown.pointer("/PublicKey").and_then(Value::as_str).expect("a public key");
        (id, key.to_owned())
    }

    /// Asks KMS, which must not be guarded yet.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn kms(&self, deed: &str, wanted: &Value) -> Value {
        let request = self.http.post(self.url()).header("Content-Type", "application/x-amz-json-1.1");
        let request = request.header("X-Amz-Target", format!("TrentService.{deed}")).body(wanted.to_string());
        let answer = request.header("Authorization", unsigned("kms")).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default()
    }

    /// Makes a user who may do this to every key; the id and the secret of its access key.
    ///
    /// # Panics
    /// When moto makes none.
    pub async fn make_user(&self, name: &str, deeds: &str) -> (String, String) {
        let named = [("UserName", name)];
        self.iam("CreateUser", &named).await;
        let allowed = allowing(deeds);
        let policy = [("UserName", name), ("PolicyName", "kms"), ("PolicyDocument", &allowed)];
        self.iam("PutUserPolicy", &policy).await;
        let made = self.iam("CreateAccessKey", &named).await;
        let field = |name: &str| {
            let (_, rest) = made.split_once(&format!("<{name}>")).expect("that element");
            rest.split('<').next().expect("its text").to_owned()
        };
        (field("AccessKeyId"), field("SecretAccessKey"))
    }

    /// Makes [`Self::ROLE`].
    pub async fn make_role(&self) {
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        self.iam("CreateRole", &[("RoleName", "signer"), ("AssumeRolePolicyDocument", trust)]).await;
        let allowed = allowing("kms:*");
        let policy = [("RoleName", "signer"), ("PolicyName", "kms"), ("PolicyDocument", &allowed)];
        self.iam("PutRolePolicy", &policy).await;
    }

    /// From now on each request's signature is verified, and its caller's policies count.
    ///
    /// # Panics
    /// When moto does not do so.
    pub async fn guard(&self) {
        let request = self.http.post(format!("{}/moto-api/reset-auth", self.url()));
        let answer = request.header("Content-Type", "text/plain").body("0").send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let url =
            reqwest::Url::parse_with_params(&self.url(), [("Action", action), ("Version", "2010-05-08")]);
        let mut url = url.expect("a URL");
        url.query_pairs_mut().extend_pairs(parameters);
        let form = url.query().unwrap_or_default().to_owned();
        let request = self.http.post(self.url()).header("Content-Type", "application/x-www-form-urlencoded");
        let answer =
            request.header("Authorization", unsigned("iam")).body(form).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{action}: {text}");
        text
    }
}

fn allowing(deeds: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": deeds, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Tells moto the service and the region.
fn unsigned(service: &str) -> String {
    let scope = format!("fixture/20260101/{}/{service}/aws4_request", Moto::REGION);
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _reaped = self.server.wait();
    }
}
