//! What the `openssl` program says of certificates.

use sigstead_x509::Certificate;

pub(crate) use sigstead_testkit::OpenSsl;

pub(crate) trait OnCertificates {
    /// `x509 -text` of a certificate.
    fn text_of(&self, certificate: &Certificate) -> String;

    /// `verify -x509_strict` of `chain` (first certificate first, root last) at a time.
    fn verify(&self, chain: &[Certificate], at: i64, more: &[&str]) -> (bool, String);
}

impl OnCertificates for OpenSsl {
    fn text_of(&self, certificate: &Certificate) -> String {
        self.write("text.der", certificate.der());
        self.run(&["x509", "-in", "text.der", "-inform", "DER", "-noout", "-text", "-nameopt", "RFC2253"])
    }

    fn verify(&self, chain: &[Certificate], at: i64, more: &[&str]) -> (bool, String) {
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
}
