use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::door::Door;
use crate::remote::exchange::{Fault, persist};

/// Tokens are never renewed more often.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// After a renewal that failed.
const SOON: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Found {
    data: Token,
}

#[derive(Deserialize)]
struct Token {
    ttl: u64,
    renewable: bool,
}

#[derive(Deserialize)]
struct Renewed {
    auth: Lease,
}

#[derive(Deserialize)]
struct Lease {
    lease_duration: u64,
}

/// Renews the token, if it can be, long before it runs out, for as long as the set lives.
pub(super) fn start(door: Arc<Door>, patience: Duration) -> JoinSet<()> {
    let mut set = JoinSet::new();
    set.spawn(async move {
        let found = persist(patience, || door.get::<Found>("auth/token/lookup-self")).await;
        // A token that may not even look at itself cannot be renewed either.
        let Ok(Found { data: Token { ttl, renewable: true } }) = found else { return };
        let mut lives = Duration::from_secs(ttl);
        loop {
            sleep(LEAST_PAUSE.max(lives / 2)).await;
            door.read_token_again();
            lives = match renew(&door, patience).await {
                Ok(lives) => lives,
                Err(fault) => {
                    tracing::warn!(%fault, "Vault's token could not be renewed");
                    SOON.max(lives / 2)
                }
            };
        }
    });
    set
}

async fn renew(door: &Door, patience: Duration) -> Result<Duration, Fault> {
    let nothing = json!({});
    let attempt = async || door.post("auth/token/renew-self", &nothing).await?.json();
    let renewed: Renewed = persist(patience, attempt).await?;
    Ok(Duration::from_secs(renewed.auth.lease_duration))
}
