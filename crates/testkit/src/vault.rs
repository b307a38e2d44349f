use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::installed;

/// A Vault server with its transit engine, in memory.
#[derive(Debug)]
pub struct Vault {
    address: SocketAddr,
    root: String,
    server: Child,
    http: reqwest::Client,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Vault {
    /// Starts one, unsealed, the transit engine at `transit`.
    ///
    /// # Panics
    /// When the program is not there or does not start.
    pub async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let mut server = Command::new(installed("vault-transit"))
            .arg(address.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("vault-transit; scripts/test installs it");
        // Its first line is the root token, written when the server listens.
        let mut root = String::new();
        let output = server.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut root).expect("the root token");
        let vault = Self { address, root: root.trim().to_owned(), server, http: reqwest::Client::new() };
        vault.write("sys/mounts/transit", &json!({ "type": "transit" })).await;
        vault
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token that may do everything.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Makes a key of that type.
    pub async fn make_key(&self, name: &str, kind: &str) {
        self.write(&format!("transit/keys/{name}"), &json!({ "type": kind })).await;
    }

    /// Removes a key with all its versions.
    pub async fn remove_key(&self, name: &str) {
        let path = format!("transit/keys/{name}");
        self.write(&format!("{path}/config"), &json!({ "deletion_allowed": true })).await;
        self.send(&path, self.http.delete(self.url(&path))).await;
    }

    /// A token that may read and use one key, for `ttl` seconds unless it is renewed.
    ///
    /// # Panics
    /// When Vault gives none.
    pub async fn token(&self, key: &str, ttl: u64) -> String {
        let policy = format!(
            "path \"transit/keys/{key}\" {{ capabilities = [\"read\"] }}\n\
             path \"transit/sign/{key}\" {{ capabilities = [\"update\"] }}"
        );
        self.write(&format!("sys/policies/acl/{key}"), &json!({ "policy": policy })).await;
        let wanted = json!({ "policies": [key], "ttl": format!("{ttl}s") });
        let made = self.write("auth/token/create", &wanted).await;
        made.pointer("/auth/client_token").and_then(Value::as_str).expect("a token").to_owned()
    }

    /// What lies at a path.
    pub async fn read(&self, path: &str) -> Value {
        self.send(path, self.http.get(self.url(path))).await
    }

    /// Writes to a path; the answer.
    pub async fn write(&self, path: &str, body: &Value) -> Value {
        self.send(path, self.http.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/v1/{path}", self.address)
    }

    async fn send(&self, path: &str, request: reqwest::RequestBuilder) -> Value {
        let answer = request.header("X-Vault-Token", &self.root).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _reaped = self.server.wait();
    }
}
