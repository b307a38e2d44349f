use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use sigstead_clock::{Clock, Timestamp};
use sigstead_crypto::Secret;

use super::exchange::{Answer, Fault};

/// RFC 6749 §5.1; some services write the number as text.
#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: Value,
}

/// The token that an OAuth server issues to this request, and when it runs out.
pub(super) async fn bearer(
    request: RequestBuilder,
    clock: &dyn Clock,
) -> Result<(Secret<String>, Timestamp), Fault> {
    let asked_at = clock.now();
    let answer = Answer::to(request).await.map_err(|fault| match fault {
        Fault::Passing(why) => Fault::Passing(format!("no access token: {why}")),
        other => other,
    })?;
    if matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
        return Err(Fault::Denied(format!("no access token: {}", answer.refusal())));
    }
    let issued: Issued = answer.json()?;
    let lives = issued.expires_in.as_u64().or_else(|| issued.expires_in.as_str()?.parse().ok());
    let lives = lives.ok_or_else(|| Fault::Final("an access token without its lifetime".to_owned()))?;
    Ok((Secret::new(issued.access_token), asked_at.plus(Duration::from_secs(lives))))
}

/// A POST of a form (RFC 6749 appendix B).
pub(super) fn form(client: &reqwest::Client, url: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    client.post(url).header("Content-Type", "application/x-www-form-urlencoded").body(body)
}
