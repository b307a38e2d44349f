use std::time::Duration;

use axum::Router;
use axum::http::Version;
use axum::routing::get;
use sigstead_clock::{ManualClock, SystemClock};
use sigstead_testkit::OpenSsl;

use super::*;
use crate::ErrorShape;
use crate::{Limits, Tasks, bind};

/// A certificate for loopback by an authority of its own, and clients' by the same, in a folder of their own.
struct Pki(OpenSsl);

impl Pki {
    fn new() -> Self {
        let openssl = OpenSsl::new();
        let authority =
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl.run(&[&authority[..], &["-subj", "/CN=authority", "-days", "30"]].concat());
        let pki = Self(openssl);
        pki.issue("server", "IP:127.0.0.1");
        pki
    }

    fn issue(&self, name: &str, names: &str) {
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let names = format!("subjectAltName={names}");
        let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"];
        let what = ["-keyout", &key, "-out", &pem, "-subj", "/CN=leaf", "-days", "10", "-addext", &names];
        self.0.run(&[&request[..], &by, &what].concat());
    }

    fn files(&self) -> TlsFiles {
        let file = |name: &str| self.0.folder().join(name);
        TlsFiles { certificate: file("server.pem"), key: file("server.key"), client_ca: Some(file("ca.pem")) }
    }

    fn load(&self, files: TlsFiles) -> Result<Tls, TlsError> {
        let clients = ClientPolicy {
            auth: ClientAuth::Required,
            allowed: vec!["spiffe://test/build/*".parse().unwrap()],
            open_paths: vec!["/ping".to_owned()],
            error_shape: |_| ErrorShape::GrpcCode,
        };
        Tls::load(files, clients, Arc::new(SystemClock))
    }

    fn client(&self, identity: Option<&str>) -> reqwest::Client {
        let roots = reqwest::Certificate::from_pem_bundle(&self.0.read("ca.pem")).unwrap();
        let mut builder = reqwest::Client::builder().tls_certs_only(roots);
        if let Some(name) = identity {
            let pem = [self.0.read(&format!("{name}.pem")), self.0.read(&format!("{name}.key"))].concat();
            builder = builder.identity(reqwest::Identity::from_pem(&pem).unwrap());
        }
        builder.build().unwrap()
    }
}

async fn whoami(client: axum::Extension<Client>) -> String {
    client.to_string()
}

async fn serve(tls: Tls, tasks: &Tasks) -> String {
    // A test may be the first to speak TLS in its process.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let router = Router::new().route("/ping", get(async || ".")).route("/whoami", get(whoami));
    let listener = bind("a test", "127.0.0.1:0".parse().unwrap()).await.unwrap().with_tls(Some(tls));
    let url = listener.url();
    listener.serve(router, &Limits::default(), tasks);
    url
}

#[tokio::test]
async fn clients_come_in_by_certificate() {
    let (pki, tasks) = (Pki::new(), Tasks::new());
    pki.issue("builder", "URI:spiffe://test/build/1");
    pki.issue("outsider", "URI:spiffe://test/deploy");
    let url = serve(pki.load(pki.files()).unwrap(), &tasks).await;
    for (identity, path, status, body) in [
        (None, "/ping", 200, "."),
        (None, "/whoami", 401, r#"{"code":16,"details":[],"message":"a client certificate is required"}"#),
        (Some("outsider"), "/ping", 200, "."),
        (
            Some("outsider"),
            "/nowhere",
            403,
            r#"{"code":7,"details":[],"message":"the client certificate names nobody who is allowed here"}"#,
        ),
        (Some("builder"), "/whoami", 200, "spiffe://test/build/1"),
        (Some("builder"), "/nowhere", 404, ""),
    ] {
        let answer = pki.client(identity).get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (status, Version::HTTP_2),
            "{identity:?} {path}"
        );
        assert_eq!(answer.text().await.unwrap(), body, "{identity:?} {path}");
    }
    assert!(tasks.finish(Duration::from_secs(5)).await, "it drains");
}

#[tokio::test]
async fn what_is_not_tls_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (pki, tasks) = (Pki::new(), Tasks::new());
    let url = serve(pki.load(pki.files()).unwrap(), &tasks).await;
    let address = url.strip_prefix("https://").unwrap();
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut cleartext = tokio::net::TcpStream::connect(address).await.unwrap();
    cleartext.write_all(b"GET /ping HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ended = cleartext.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "nothing is answered in cleartext");
    assert!(tasks.finish(Duration::from_secs(5)).await, "a silent connection does not hold up the end");
    drop(silent);
}

#[test]
fn files_are_loaded_again_when_they_have_changed() {
    let pki = Pki::new();
    let tls = pki.load(pki.files()).unwrap();
    let served = |tls: &Tls| tls.live.load().fingerprint;
    let first = served(&tls);
    assert!(!tls.reload().unwrap(), "nothing has changed");
    let key = pki.0.read("server.key");
    pki.issue("server", "IP:127.0.0.1");
    let fresh = pki.0.read("server.key");
    pki.0.write("server.key", &key);
    assert!(matches!(tls.reload(), Err(TlsError::KeyMismatch { .. })), "half of a pair");
    pki.0.write("server.key", "");
    assert!(matches!(tls.reload(), Err(TlsError::Content { .. })));
    assert_eq!(served(&tls), first, "the old pair stays");
    pki.0.write("server.key", fresh);
    assert!(tls.reload().unwrap() && served(&tls) != first);
}

#[test]
fn wrong_files_are_told_apart() {
    let pki = Pki::new();
    let file = |name: &str| pki.0.folder().join(name);
    pki.0.run(&["pkcs8", "-topk8", "-in", "server.key", "-out", "encrypted.key", "-passout", "pass:a"]);
    pki.0.run(&["ec", "-in", "server.key", "-out", "sec1.key"]);
    for (files, told) in [
        (TlsFiles { key: file("sec1.key"), ..pki.files() }, ""),
        (TlsFiles { key: file("ca.key"), ..pki.files() }, "does not belong to the certificate"),
        (TlsFiles { key: file("server.pem"), ..pki.files() }, "a private key in PEM, but certificates"),
        (TlsFiles { key: file("encrypted.key"), ..pki.files() }, "it is encrypted"),
        (TlsFiles { certificate: file("server.key"), ..pki.files() }, "but a private key"),
        (TlsFiles { client_ca: Some(file("nowhere.pem")), ..pki.files() }, "nowhere.pem"),
    ] {
        let error = pki.load(files).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(told) && error.is_empty() == told.is_empty(), "{error}");
    }
    let later = ManualClock::new(SystemClock.now().plus(Duration::from_secs(20 * 24 * 60 * 60)));
    let error = pki.files().load(later.now()).err().unwrap();
    assert!(matches!(error, TlsError::Expired { .. }), "{error}");
}
