use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http_body;
use crate::config::CallConfig;
use crate::wire;

/// How services are asked.
pub(super) struct Http(reqwest::Client);

/// How long a service may take; a certificate waits for CT logs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer that is read: a page of a CT log is a few hundred certificates with their chains.
const MAX_ANSWER: usize = 16 << 20;
/// Most of a refusal that is shown.
const MAX_TOLD: usize = 500;

impl Http {
    pub(super) fn new(call: &CallConfig) -> anyhow::Result<Self> {
        let builder = wire::http_client(call)?;
        // A token goes to the server that the configuration names, and to no other.
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        Ok(Self(builder.timeout(PATIENCE).build()?))
    }

    pub(super) async fn post_json(&self, url: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.post(url, "application/json", serde_json::to_vec(body)?).await?;
        serde_json::from_slice(&answer).with_context(|| format!("{url} did not answer in JSON"))
    }

    pub(super) async fn post(&self, url: &str, media_type: &str, body: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        send(url, self.0.post(url).header(CONTENT_TYPE, media_type).body(body)).await
    }

    pub(super) async fn get_json<T: DeserializeOwned>(&self, url: &str) -> anyhow::Result<T> {
        let answer = send(url, self.0.get(url)).await?;
        serde_json::from_slice(&answer).with_context(|| format!("{url} did not answer as expected"))
    }
}

async fn send(url: &str, request: RequestBuilder) -> anyhow::Result<Vec<u8>> {
    let answer = request.send().await.with_context(|| {
            format!("{url} was not reached\n  hint: is the service running, and is this its URL and its TLS certificate?")
        })?;
    let status = answer.status();
    let content = http_body::read(answer, MAX_ANSWER).await?;
    if !status.is_success() {
        let told: String = String::from_utf8_lossy(&content).trim().chars().take(MAX_TOLD).collect();
        bail!("{url} answered {status}: {told}");
    }
    Ok(content)
}
