use anyhow::{Context as _, bail};

/// The body of an answer, if it is not longer than `limit`.
pub(super) async fn read(mut answer: reqwest::Response, limit: usize) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the answer broke off")? {
        content.extend_from_slice(&chunk);
        if content.len() > limit {
            bail!("the answer is longer than {limit} bytes");
        }
    }
    Ok(content)
}
