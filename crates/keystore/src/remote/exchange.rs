use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{KeystoreError, Surroundings};

/// Longer than any answer of a service that signs.
const MAX_ANSWER: usize = 256 * 1024;
/// What is told of a refusal, in characters.
const MAX_SENTENCE: usize = 300;
/// Between the first attempt and the second; doubled from then on.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Attempts that fit into the patience when none of them is answered.
const SILENT_ATTEMPTS: u32 = 3;

/// Why a service did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It may pass by itself: no connection, overload, a failure of the service.
    Passing(String),
    /// It does not know the caller, or does not let it do this.
    Denied(String),
    /// It has nothing of that name.
    Missing(String),
    /// Asking again would change nothing.
    Final(String),
}

impl Fault {
    /// What is told of it, with what the caller must be allowed to do where that is why.
    pub(crate) fn told(&self, needs: &str) -> String {
        match self {
            Self::Denied(why) => format!("{why}\n  hint: {needs}"),
            other => other.to_string(),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Passing(why) | Self::Denied(why) | Self::Missing(why) | Self::Final(why)) = self;
        f.write_str(why)
    }
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The answer to a request, whatever its status.
    pub(crate) async fn to(request: RequestBuilder) -> Result<Self, Fault> {
        let lost = |error: reqwest::Error| Fault::Passing(chain_of(&error.without_url()));
        let mut answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(lost)? {
            body.extend_from_slice(&part);
            if body.len() > MAX_ANSWER {
                return Err(Fault::Final("the answer is too long".to_owned()));
            }
        }
        Ok(Self { status, body })
    }

    /// Itself, if the status is one of success.
    pub(crate) fn accepted(self) -> Result<Self, Fault> {
        match self.status {
            status if status.is_success() => Ok(self),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Fault::Denied(self.refusal())),
            StatusCode::NOT_FOUND => Err(Fault::Missing(self.refusal())),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(Fault::Passing(self.refusal()))
            }
            status if status.is_server_error() => Err(Fault::Passing(self.refusal())),
            _ => Err(Fault::Final(self.refusal())),
        }
    }

    /// The body as JSON, if the status is one of success.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Fault> {
        serde_json::from_slice(&self.accepted()?.body)
            .map_err(|_| Fault::Final("the answer is not what the service's API promises".to_owned()))
    }

    /// The status, and the sentence in which the service says why.
    pub(crate) fn refusal(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let places = ["/errors/0", "/error/message", "/message", "/Message", "/error_description", "/error"];
        let sentence = places.iter().find_map(|place| body.pointer(place)?.as_str()).unwrap_or_default();
        let sentence: String = sentence.chars().filter(|c| !c.is_control()).take(MAX_SENTENCE).collect();
        if sentence.is_empty() { self.status.to_string() } else { format!("{}: {sentence}", self.status) }
    }
}

/// Makes attempts until one succeeds, fails for good, or the patience ends.
pub(crate) async fn persist<T, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let deadline = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    let mut last = format!("no answer within {} s", patience.as_secs_f32());
    while let Ok(answered) = timeout_at(deadline, attempt()).await {
        match answered {
            Err(Fault::Passing(why)) => last = why,
            done => return done,
        }
        if Instant::now() + pause >= deadline {
            break;
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    Err(Fault::Passing(last))
}

/// Makes a key if the service, asked for it, has none of that name; says whether it did. Whatever else is wrong with the key
/// is told when it is opened.
pub(crate) async fn make_if_missing<T>(
    asked: Result<T, Fault>,
    make: impl Future<Output = Result<(), Fault>>,
) -> Result<bool, Fault> {
    match asked {
        Err(Fault::Missing(_)) => make.await.map(|()| true),
        _ => Ok(false),
    }
}

/// A client whose single attempts end early enough for others.
pub(crate) fn client(
    surroundings: &Surroundings,
    adapt: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, KeystoreError> {
    let builder = (surroundings.http)()
        .timeout(surroundings.patience / SILENT_ATTEMPTS)
        .redirect(reqwest::redirect::Policy::none());
    Ok(adapt(builder).build()?)
}

/// The whole story of a failed request, not only its first line.
fn chain_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn faults_that_pass_are_outlasted() {
        let mut attempts = 0;
        let outlasted = persist(Duration::from_secs(10), || {
            attempts += 1;
            let answer = if attempts < 4 { Err(Fault::Passing("busy".to_owned())) } else { Ok(attempts) };
            std::future::ready(answer)
        });
        assert_eq!(outlasted.await, Ok(4));
        for fault in [Fault::Denied("no".to_owned()), Fault::Final("never".to_owned())] {
            let answered =
                persist(Duration::from_secs(10), || std::future::ready(Err::<(), _>(fault.clone())));
            assert_eq!(answered.await, Err(fault.clone()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends() {
        let began = Instant::now();
        let silent = persist(Duration::from_secs(10), std::future::pending::<Result<(), Fault>>).await;
        assert_eq!(silent, Err(Fault::Passing("no answer within 10 s".to_owned())));
        assert_eq!(began.elapsed().as_secs(), 10);
        let busy = || std::future::ready(Err::<(), _>(Fault::Passing("busy".to_owned())));
        assert_eq!(persist(Duration::from_secs(10), busy).await, Err(Fault::Passing("busy".to_owned())));
        assert!(began.elapsed().as_secs() <= 20);
    }

    #[test]
    fn statuses_tell_what_may_pass() {
        let fault = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Answer { status, body: Vec::new() }.json::<Value>().unwrap_err()
        };
        for status in [408, 429, 500, 502, 503] {
            assert!(matches!(fault(status), Fault::Passing(_)), "{status}");
        }
        for status in [401, 403] {
            assert!(matches!(fault(status), Fault::Denied(_)), "{status}");
        }
        assert!(matches!(fault(404), Fault::Missing(_)));
        for status in [200, 302, 400] {
            assert!(matches!(fault(status), Fault::Final(_)), "{status}");
        }
    }

    #[test]
    fn refusals_tell_the_services_own_sentence() {
        for (body, told) in [
            (r#"{"errors":["permission denied"]}"#, "403 Forbidden: permission denied"),
            (r#"{"error":{"code":403,"message":"no\u0007pe"}}"#, "403 Forbidden: nope"),
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000215"}"#,
                "403 Forbidden: AADSTS7000215",
            ),
            ("<html>", "403 Forbidden"),
        ] {
            let answer = Answer { status: StatusCode::FORBIDDEN, body: body.as_bytes().to_vec() };
            assert_eq!(answer.json::<Value>().unwrap_err(), Fault::Denied(told.to_owned()));
        }
    }
}
