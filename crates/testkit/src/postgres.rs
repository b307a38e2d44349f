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
    folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Postgres {
    /// Makes a data directory and starts a server on it.
    ///
    /// # Panics
    /// When Postgres is not installed, or does not start.
    pub fn start() -> Self {
        let (bin, folder) = (binaries(), public_folder());
        let made = as_postgres(&bin.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--no-sync", "-D"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb failed");
        Self::serve(bin, folder)
    }

    /// A standby that follows this server by streaming replication.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn replica(&self) -> Self {
        let folder = public_folder();
        let made = as_postgres(&self.bin.join("pg_basebackup"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-R", "-X", "stream"])
            .args(["-c", "fast", "--no-sync", "-D"])
            .arg(folder.path().join("data"))
            .status()
            .expect("pg_basebackup runs");
        assert!(made.success(), "pg_basebackup failed");
        Self::serve(self.bin.clone(), folder)
    }

    fn serve(bin: PathBuf, folder: TempDir) -> Self {
        let port = free_port();
        let server = as_postgres(&bin.join("postgres"))
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres runs");
        let fixture = Self { bin, port, databases: AtomicUsize::new(0), server, folder };
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

    /// The port on loopback.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Speaks TLS from now on, to clients with a certificate. The folder has `ca.pem`, and `client.pem` with
    /// `client.key` for the user postgres.
    ///
    /// # Panics
    /// When the certificates cannot be made.
    pub fn speak_tls(&self) -> &Path {
        let folder = self.folder.path();
        let openssl = |arguments: &str| {
            let made = as_postgres(Path::new("openssl"))
                .current_dir(folder)
                .args(arguments.split_whitespace())
                .output()
                .expect("the openssl program; scripts/test installs it");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        };
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30";
        openssl(&format!("{new} -keyout ca.key -out ca.pem -subj /CN=authority"));
        let issued = format!("{new} -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:false");
        openssl(&format!(
            "{issued} -keyout server.key -out server.pem -subj /CN=server -addext subjectAltName=IP:127.0.0.1"
        ));
        openssl(&format!("{issued} -keyout client.key -out client.pem -subj /CN=postgres"));
        let rules = "hostssl all all 127.0.0.1/32 cert\nhostnossl all all 127.0.0.1/32 trust\n";
        std::fs::write(folder.join("data/pg_hba.conf"), rules).expect("the rules of who may connect");
        for (name, file) in [("cert", "server.pem"), ("key", "server.key"), ("ca", "ca.pem")] {
            let file = folder.join(file);
            assert!(self.sql(&format!("ALTER SYSTEM SET ssl_{name}_file = '{}'", file.display())));
        }
        assert!(self.sql("ALTER SYSTEM SET ssl = on") && self.sql("SELECT pg_reload_conf()"));
        folder
    }

    /// Whether a statement, as an administrator would run it, succeeds.
    pub fn sql(&self, statement: &str) -> bool {
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

/// A folder that the user postgres may write to.
#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
pub(crate) fn public_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("permissions");
    folder
}

/// Postgres refuses to run as root; and it must not outlive a test that dies.
pub(crate) fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL").current_dir("/");
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(program);
    command
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
pub(crate) fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its address").port()
}
