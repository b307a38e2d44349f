use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Postgres server on loopback, with its own data directory; gone when this value is, or this process.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    port: u16,
    databases: AtomicUsize,
    server: Child,
    _folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Postgres {
    /// Makes a data directory and starts a server on it.
    ///
    /// # Panics
    /// When Postgres is not installed, or does not start.
    pub fn start() -> Self {
        let bin = binaries();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("permissions");
        let data = folder.path().join("data");
        let made = as_postgres(&bin.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb failed");
        let port = free_port();
        let server = as_postgres(&bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres runs");
        let fixture = Self { bin, port, databases: AtomicUsize::new(0), server, _folder: folder };
        let deadline = Instant::now() + PATIENCE;
        while !fixture.sql("SELECT 1") {
            assert!(Instant::now() < deadline, "Postgres did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        fixture
    }

    /// The URL of a database that nobody has used yet.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        assert!(self.sql(&format!("CREATE DATABASE {name}")), "a database could not be made");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn sql(&self, statement: &str) -> bool {
        Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-qc", statement])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT is Postgres' immediate stop, which gives its shared memory back; SIGKILL would leak it.
        // It may be gone already; either way it is not ours any more.
        let _asked = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _reaped = self.server.wait();
    }
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("Postgres is not installed; scripts/test installs it")
}

/// Postgres refuses to run as root; and it must not outlive a test that dies.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL").current_dir("/");
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(program);
    command
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its address").port()
}
