use std::fmt::Write as _;
use std::time::Duration;

use sigstead_crypto::note::Note;
use sigstead_merkle::Hash;
use sigstead_store::TreeStore;

use super::Witness;
use crate::log::Log;
use crate::publish::PublishedHead;

/// How often a witness is asked about one checkpoint, and the pause before the second time; then five times as long.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longer than any list of signature lines.
const MAX_ANSWER: usize = 16 * 1024;

/// Why a witness did not cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has seen a larger tree.
    Ahead(u64),
    /// It has seen another tree.
    Other(String),
    /// It was not reached, or failed.
    Absent(String),
}

impl Witness {
    /// The witness's signature line over a checkpoint, verified; `seen` is what it is known to have seen.
    pub(super) async fn ask<S: TreeStore>(
        &self,
        client: &reqwest::Client,
        log: &Log<S>,
        head: &PublishedHead,
        mut seen: u64,
    ) -> Result<String, Refusal> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let proof = match seen {
                0 => Vec::new(),
                seen => log
                    .consistency(seen, head.size)
                    .await
                    .map_err(|error| Refusal::Absent(error.to_string()))?,
            };
            let absent = |error: reqwest::Error| Refusal::Absent(error.to_string());
            let request =
                client.post(format!("{}/add-checkpoint", self.url)).body(request(seen, &proof, &head.note));
            let answer = request.send().await.map_err(absent)?;
            let status = answer.status().as_u16();
            metrics::counter!(
                "sigstead_tlog_witness_responses_total",
                "witness" => self.name.clone(), "status" => status.to_string()
            )
            .increment(1);
            let text = beginning(answer).await.map_err(absent)?;
            match status {
                200 => return self.line(&text, head),
                409 => match text.trim().parse() {
                    Ok(size) if size > head.size => return Err(Refusal::Ahead(size)),
                    Ok(size) if attempt < TRIES => seen = size,
                    _ => return Err(Refusal::Absent("its size changes, or is none".to_owned())),
                },
                422 => return Err(Refusal::Other(text)),
                _ => return Err(Refusal::Absent(format!("it answered {status}: {text}"))),
            }
            tokio::time::sleep(pause).await;
            pause *= 5;
        }
        Err(Refusal::Absent("it was asked often enough".to_owned()))
    }

    /// The line that its key made; other lines are left out.
    fn line(&self, text: &str, head: &PublishedHead) -> Result<String, Refusal> {
        let wrong = || Refusal::Absent("it did not answer with a cosignature of its key".to_owned());
        let (body, _) = head.note.rsplit_once("\n\n").ok_or_else(wrong)?;
        for line in text.lines() {
            let note = Note::parse(&format!("{body}\n\n{line}\n"));
            if note.is_ok_and(|note| self.key.verify(&note).is_ok()) {
                return Ok(format!("{line}\n"));
            }
        }
        Err(wrong())
    }
}

/// As much of an answer as is read; a witness that says more is cut off.
async fn beginning(mut answer: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_ANSWER
        && let Some(part) = answer.chunk().await?
    {
        bytes.extend_from_slice(&part);
    }
    bytes.truncate(MAX_ANSWER);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The body of add-checkpoint.
fn request(seen: u64, proof: &[Hash], note: &str) -> String {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let mut body = format!("old {seen}\n");
    for hash in proof {
        // Writing into a string does not fail.
        let _written = writeln!(body, "{}", BASE64_STANDARD.encode(hash));
    }
    body + "\n" + note
}
