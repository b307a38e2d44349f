use anyhow::{Context as _, bail};
use sigstead_clock::{Clock as _, SystemClock};
use sigstead_trust::TrustMaterial;
use sigstead_tsa::Query;

use super::probe::Probe;
use crate::cli::http::Http;

/// Furthest, in seconds, that the authority's clock may be from this one; certificates live for minutes.
const MAX_DIFFERENCE: u64 = 10;

/// A timestamp over the probe's signature, and the clock in it.
pub(super) async fn check(
    http: &Http,
    url: &str,
    material: &TrustMaterial,
    probe: &Probe,
) -> anyhow::Result<String> {
    let query = Query::over(&probe.signature)?;
    let response = http.post(url, "application/timestamp-query", query.to_der()?).await?;
    let chains =
        material.timestamp_authorities.iter().map(|authority| query.check(&response, &authority.chain));
    // The newest authority's reason tells most.
    let mut outcome = None;
    for checked in chains {
        let is_believed = checked.is_ok();
        outcome = Some(checked);
        if is_believed {
            break;
        }
    }
    let time = outcome.context("the trust root has no timestamp authority")?.context(
        "the timestamp does not verify by the trust root\n  hint: do the certificates of [tsa] in this configuration belong to the TSA that runs?",
    )?;
    let difference = time.seconds().abs_diff(SystemClock.now().seconds());
    if difference > MAX_DIFFERENCE {
        bail!("its clock differs from this one by {difference} s\n  hint: compare both with a time server");
    }
    Ok(format!(
        "{url} timestamped the signature; the timestamp verifies by the trust root, the clocks differ by {difference} s"
    ))
}
