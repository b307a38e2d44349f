//! Time servers that our clock is compared with.

use std::sync::Arc;
use std::time::Duration;

use sigstead_clock::Clock;
use sigstead_crypto::random_bytes;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use crate::ntp::{Answer, LENGTH, request};

/// NTP's port.
const PORT: u16 = 123;

/// Which servers are asked, and what is made of their answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSources {
    /// NTP servers: a name or an address, with a port or without.
    pub servers: Vec<String>,
    /// How many of them are asked each time, chosen at random.
    pub asked: usize,
    /// How many must agree with our clock.
    pub needed: usize,
    /// How long a server may take.
    pub patience: Duration,
    /// How often they are asked.
    pub period: Duration,
    /// How far our clock may be off.
    pub max_offset: Duration,
    /// What follows when it is not believed.
    pub on_drift: OnDrift,
}

/// What follows when the clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDrift {
    /// No timestamps until it is believed again.
    Refuse,
    /// A warning in the log and in the metrics.
    Warn,
}

/// Why the clock is not believed, or not known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Too few servers answered to tell.
    TooFew(String),
    /// Servers that answered say otherwise.
    Drift(String),
}

impl TimeSources {
    /// Asks the servers; whether the clock is right.
    pub(crate) async fn compare(&self, clock: &Arc<dyn Clock>) -> Result<(), Doubt> {
        let first = random_bytes::<8>().map_or(0, usize::from_be_bytes) % self.servers.len().max(1);
        let chosen: Vec<&String> = self.servers.iter().cycle().skip(first).take(self.asked).collect();
        let mut offsets = Vec::new();
        for (server, answer) in self.ask_all(&chosen, clock).await {
            metrics::counter!(
                "timestamp_authority_ntp_sync_total",
                "host" => server.clone(), "failed" => answer.is_err().to_string()
            )
            .increment(1);
            match answer {
                Ok(offset) => {
                    metrics::gauge!("sigstead_tsa_clock_offset_seconds", "host" => server.clone())
                        .set(offset as f64 / 1e3);
                    offsets.push((server, offset));
                }
                Err(why) => tracing::warn!(server, why, "a time server is of no use"),
            }
        }
        self.judge(&offsets)
    }

    /// Each server's answer: how far it is ahead of us, in milliseconds.
    async fn ask_all(
        &self,
        servers: &[&String],
        clock: &Arc<dyn Clock>,
    ) -> Vec<(String, Result<i64, String>)> {
        let mut asking = tokio::task::JoinSet::new();
        for server in servers {
            let (server, clock, patience) = ((*server).clone(), Arc::clone(clock), self.patience);
            asking.spawn(async move {
                let answer = timeout(patience, ask(&server, &clock)).await;
                (server, answer.unwrap_or_else(|_| Err("it does not answer".to_owned())))
            });
        }
        asking.join_all().await
    }

    /// Right if enough servers agree; wrong if enough answered, but they do not.
    fn judge(&self, offsets: &[(String, i64)]) -> Result<(), Doubt> {
        if offsets.len() < self.needed {
            let why = format!("{} of {} time servers answered", offsets.len(), self.asked);
            return Err(Doubt::TooFew(why));
        }
        let most = u64::try_from(self.max_offset.as_millis()).unwrap_or(u64::MAX);
        let agreeing = offsets.iter().filter(|(_, offset)| offset.unsigned_abs() <= most).count();
        if agreeing >= self.needed {
            return Ok(());
        }
        let said: Vec<_> = offsets
            .iter()
            .map(|(server, offset)| format!("{server} {:+.3} s", *offset as f64 / 1e3))
            .collect();
        Err(Doubt::Drift(format!("the clock is off by what time servers say: {}", said.join(", "))))
    }
}

async fn ask(server: &str, clock: &Arc<dyn Clock>) -> Result<i64, String> {
    let failed = |error: std::io::Error| error.to_string();
    let cookie = random_bytes().map_err(|error| error.to_string())?;
    let address = tokio::net::lookup_host(with_port(server)).await.map_err(failed)?.next();
    let address = address.ok_or("it has no address")?;
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(failed)?;
    socket.connect(address).await.map_err(failed)?;
    let (asked, begun) = (clock.now(), Instant::now());
    socket.send(&request(cookie)).await.map_err(failed)?;
    // Longer messages have extensions after what matters.
    let mut message = [0; 4 * LENGTH];
    let length = socket.recv(&mut message).await.map_err(failed)?;
    let elapsed = begun.elapsed();
    metrics::histogram!("timestamp_authority_ntp_latency", "host" => server.to_owned())
        .record(elapsed.as_secs_f64());
    let answer = Answer::parse(message.get(..length).unwrap_or_default(), cookie, asked)?;
    Ok(answer.offset_ms(asked, elapsed))
}

/// `host`, `host:port`, `192.0.2.1`, `2001:db8::1` and `[2001:db8::1]:port` are all understood.
fn with_port(server: &str) -> String {
    if server.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_ipv6()) {
        return format!("[{server}]:{PORT}");
    }
    let has_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { server.to_owned() } else { format!("{server}:{PORT}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(asked: usize, needed: usize) -> TimeSources {
        TimeSources {
            servers: (0..asked).map(|n| format!("ntp{n}.test")).collect(),
            asked,
            needed,
            patience: Duration::from_secs(1),
            period: Duration::from_secs(60),
            max_offset: Duration::from_millis(500),
            on_drift: OnDrift::Refuse,
        }
    }

    #[test]
    fn enough_servers_must_agree() {
        let said = |offsets: &[i64]| -> Vec<(String, i64)> {
            offsets.iter().enumerate().map(|(n, offset)| (format!("ntp{n}.test"), *offset)).collect()
        };
        let sources = sources(4, 3);
        assert_eq!(sources.judge(&said(&[0, 500, -500, 90_000])), Ok(()));
        assert!(matches!(sources.judge(&said(&[0, 0])), Err(Doubt::TooFew(_))));
        let Err(Doubt::Drift(why)) = sources.judge(&said(&[501, -501, 0])) else { panic!("believed") };
        assert!(why.contains("ntp0.test +0.501 s"), "{why}");
        assert!(matches!(sources.judge(&said(&[i64::MIN, i64::MAX, 0])), Err(Doubt::Drift(_))));
    }

    #[test]
    fn ports_are_added_where_there_is_none() {
        for (server, full) in [
            ("time.test", "time.test:123"),
            ("time.test:1123", "time.test:1123"),
            ("192.0.2.1", "192.0.2.1:123"),
            ("2001:db8::1", "[2001:db8::1]:123"),
            ("[2001:db8::1]:1123", "[2001:db8::1]:1123"),
        ] {
            assert_eq!(with_port(server), full);
        }
    }
}
