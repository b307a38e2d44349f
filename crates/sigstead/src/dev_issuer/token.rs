use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sigstead_crypto::SoftwareSigner;

/// A JWT over `claims`, signed RS256: the one algorithm by which cosign recognises a token on its command line.
pub(super) fn sign(
    key: &SoftwareSigner,
    key_id: &str,
    claims: &Map<String, Value>,
) -> anyhow::Result<String> {
    let header = json!({ "alg": "RS256", "kid": key_id, "typ": "JWT" });
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed =
        format!("{}.{}", encode(&serde_json::to_vec(&header)?), encode(&serde_json::to_vec(claims)?));
    let signature = key.sign_now(signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}
