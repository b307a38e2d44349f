use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Postgres;
use crate::postgres::{as_postgres, free_port, public_folder};

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// PgBouncer in front of a server: four connections to each database, given out per transaction.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    program: Child,
    _folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl PgBouncer {
    /// Starts it.
    ///
    /// # Panics
    /// When PgBouncer is not installed, or does not start.
    pub fn before(server: &Postgres) -> Self {
        let (folder, port) = (public_folder(), free_port());
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 4\nmax_client_conn = 500\n",
            server.port()
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), settings).expect("its settings");
        let program = as_postgres(Path::new("/usr/sbin/pgbouncer"))
            .arg(folder.path().join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer runs; scripts/test installs it");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, program, _folder: folder }
    }

    /// The same database by way of the pooler.
    ///
    /// # Panics
    /// When the URL names none.
    pub fn url(&self, direct: &str) -> String {
        let (_, name) = direct.rsplit_once('/').expect("a database in the URL");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may be gone already; either way it is not ours any more.
        let _asked = self.program.kill();
        let _reaped = self.program.wait();
    }
}
