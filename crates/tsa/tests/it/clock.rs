//! An authority whose clock is compared with time servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use sigstead_clock::Clock as _;
use sigstead_tsa::{OnDrift, TimeSources};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fixture::{Authority, NOW};

/// Seconds from 1900 to 1970.
const EPOCH: u64 = 2_208_988_800;

/// A server that tells the time of the tests and a little more.
struct TimeServer {
    address: String,
    ahead_ms: Arc<AtomicI64>,
}

impl TimeServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, ahead_ms) = (socket.local_addr().unwrap().to_string(), Arc::new(AtomicI64::new(0)));
        let ahead = Arc::clone(&ahead_ms);
        TaskTracker::new().spawn(async move {
            let mut request = [0; 48];
            while let Ok((_, client)) = socket.recv_from(&mut request).await {
                let millis = (NOW * 1000).checked_add_signed(ahead.load(Ordering::SeqCst)).unwrap();
                let time = (((millis / 1000 + EPOCH) << 32) | (((millis % 1000) << 32) / 1000)).to_be_bytes();
                let mut answer = vec![0x24, 2, 6, 0xe8];
                answer.resize(24, 0);
                answer.extend([&request[40..], &time, &time].concat());
                socket.send_to(&answer, client).await.unwrap();
            }
        });
        Self { address, ahead_ms }
    }
}

async fn compared(servers: &[TimeServer], needed: usize, on_drift: OnDrift) -> Authority {
    let sources = TimeSources {
        servers: servers.iter().map(|server| server.address.clone()).collect(),
        asked: servers.len(),
        needed,
        patience: Duration::from_millis(500),
        period: Duration::from_millis(20),
        max_offset: Duration::from_millis(400),
        on_drift,
    };
    let authority = Authority::compared(sources).await;
    TaskTracker::new().spawn(Arc::clone(&authority.authority).watch_clock(CancellationToken::new()));
    authority
}

async fn stamps(authority: &Authority) -> bool {
    let digest = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
    let query = json!({ "artifactHash": digest, "hashAlgorithm": "sha256" });
    match authority.query_json(&query).await.status {
        StatusCode::OK => true,
        StatusCode::SERVICE_UNAVAILABLE => false,
        other => panic!("{other}"),
    }
}

async fn becomes(authority: &Authority, wanted: bool) {
    for _ in 0..500 {
        if stamps(authority).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {:?}", authority.authority.clock_doubt());
}

#[tokio::test]
async fn nothing_is_stamped_while_time_servers_disagree() {
    let servers = [TimeServer::start().await, TimeServer::start().await, TimeServer::start().await];
    let authority = compared(&servers, 2, OnDrift::Refuse).await;
    assert!(!stamps(&authority).await, "nobody has vouched for the clock yet");
    becomes(&authority, true).await;
    // One server alone is outvoted; two are not.
    servers[0].ahead_ms.store(3_600_000, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(stamps(&authority).await);
    servers[1].ahead_ms.store(-5_000, Ordering::SeqCst);
    becomes(&authority, false).await;
    let doubt = authority.authority.clock_doubt().unwrap();
    assert!(doubt.contains("+3600.000 s") && doubt.contains("-5.000 s"), "{doubt}");
    assert!(authority.authority.clock_refusal().is_some());
    // Our own clock is set right, as the two say.
    servers[0].ahead_ms.store(-5_000, Ordering::SeqCst);
    let right = authority.clock.now().millis() - 5_000;
    authority.clock.set(sigstead_clock::Timestamp::from_millis(right));
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(!stamps(&authority).await, "the time that was given out has not come again yet");
    }
    authority.clock.advance(Duration::from_secs(5));
    servers.iter().for_each(|server| server.ahead_ms.store(0, Ordering::SeqCst));
    becomes(&authority, true).await;
}

#[tokio::test]
async fn an_operator_may_be_warned_only() {
    let servers = [TimeServer::start().await];
    servers[0].ahead_ms.store(60_000, Ordering::SeqCst);
    let authority = compared(&servers, 1, OnDrift::Warn).await;
    for _ in 0..500 {
        if authority.authority.clock_doubt().is_some_and(|doubt| doubt.contains("+60.000 s")) {
            assert!(stamps(&authority).await);
            assert_eq!(authority.authority.clock_refusal(), None);
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody was warned");
}

#[tokio::test]
async fn silence_is_no_time() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let servers =
        [TimeServer { address: silent.local_addr().unwrap().to_string(), ahead_ms: Arc::default() }];
    let authority = compared(&servers, 1, OnDrift::Refuse).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!stamps(&authority).await);
    assert_eq!(authority.authority.clock_doubt().as_deref(), Some("no time server has been heard yet"));
}
