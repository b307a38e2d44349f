//! The `openssl` program, run in a folder of its own that goes with the test.

use std::path::PathBuf;
use std::process::Command;

use sigstead_x509::Certificate;
use tempfile::TempDir;

pub(crate) struct OpenSsl(TempDir);

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// What it prints, of a run that succeeds.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let (succeeded, output) = self.attempt(arguments);
        assert!(succeeded, "openssl {arguments:?}: {output}");
        output
    }

    /// Whether a run succeeds, and what it prints on both streams.
    pub(crate) fn attempt(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// A new private key in `name`; `kind` is how genpkey is told.
    pub(crate) fn generate(&self, name: &str, kind: &[&str]) {
        self.run(&[&["genpkey", "-out", name], kind].concat());
    }

    /// `x509 -text` of a certificate.
    pub(crate) fn text_of(&self, certificate: &Certificate) -> String {
        self.write("text.der", certificate.der());
        self.run(&["x509", "-in", "text.der", "-inform", "DER", "-noout", "-text", "-nameopt", "RFC2253"])
    }

    /// `verify -x509_strict` of `chain` (first certificate first, root last) at a time.
    pub(crate) fn verify(&self, chain: &[Certificate], at: i64, more: &[&str]) -> (bool, String) {
        let pem = |part: &[Certificate]| part.iter().map(Certificate::to_pem).collect::<String>();
        let (root, below) = chain.split_last().unwrap();
        let (leaf, between) = below.split_first().unwrap();
        self.write("root.pem", root.to_pem());
        self.write("between.pem", pem(between));
        self.write("leaf.pem", leaf.to_pem());
        let at = at.to_string();
        let mut arguments = vec!["verify", "-x509_strict", "-attime", &at, "-CAfile", "root.pem"];
        if !between.is_empty() {
            arguments.extend(["-untrusted", "between.pem"]);
        }
        arguments.extend(more);
        arguments.push("leaf.pem");
        self.attempt(&arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
