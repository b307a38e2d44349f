use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The `openssl` program, run in a folder of its own that goes with the test.
#[derive(Debug)]
pub struct OpenSsl(TempDir);

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl OpenSsl {
    /// With an empty folder.
    ///
    /// # Panics
    /// When there is no room for it.
    #[expect(clippy::new_without_default, reason = "a folder is made; nothing about that is a default")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// What it prints, of a run that succeeds.
    ///
    /// # Panics
    /// When the run fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let (succeeded, output) = self.attempt(arguments);
        assert!(succeeded, "openssl {arguments:?}: {output}");
        output
    }

    /// Whether a run succeeds, and what it prints on both streams.
    ///
    /// # Panics
    /// When the program is not there.
    pub fn attempt(&self, arguments: &[&str]) -> (bool, String) {
        let run = Command::new("openssl").args(arguments).current_dir(self.0.path()).output();
        let output = run.expect("the openssl program; scripts/test installs it");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// A new private key in the file `name`; `kind` is how genpkey is told.
    pub fn generate(&self, name: &str, kind: &[&str]) {
        self.run(&[&["genpkey", "-out", name], kind].concat());
    }

    /// Puts a file into the folder.
    ///
    /// # Panics
    /// When the disk is full.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a written file");
    }

    /// A file in the folder.
    ///
    /// # Panics
    /// When it is not there.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("a file")
    }

    /// The folder, for who reads files by their path.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
