//! Clouds that cannot be had here: their keys, over exchanges of the documented form (testdata/README.md).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sigstead_clock::{ManualClock, Timestamp};
use sigstead_crypto::PublicKey;
use sigstead_keystore::Surroundings;
use sigstead_testkit::Recorded;

use crate::contract::{Key, surroundings};

/// When the requests were signed.
const NOW: &str = "2026-11-21T08:00:00Z";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Serves recorded files, by their names in testdata without `.http`.
pub(crate) async fn serve(names: &[&str]) -> Recorded {
    let files: Vec<PathBuf> = names.iter().map(|name| file(&format!("{name}.http"))).collect();
    Recorded::serve(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>()).await
}

/// A key that was recorded, with the public half beside it.
pub(crate) fn key(uri: String, public: &str, surroundings: Surroundings) -> Key {
    let pem = std::fs::read(file(&format!("{public}.pub"))).unwrap();
    Key { uri, surroundings, public_key: PublicKey::from_pem(&pem).unwrap() }
}

/// What leads to the recorded services, at the time of the recording.
pub(crate) fn reached_by(
    recorded: &Arc<Recorded>,
    way: std::net::SocketAddr,
    variables: Vec<(&'static str, String)>,
) -> Surroundings {
    let recorded = Arc::clone(recorded);
    Surroundings {
        clock: Arc::new(ManualClock::new(Timestamp::from_rfc3339(NOW).unwrap())),
        http: Arc::new(move || recorded.client_by(way)),
        ..surroundings(variables)
    }
}
