use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::OpenSsl;

/// Stands in for services of the web, each under its own name: what it answers was recorded in `.http` files.
///
/// A file has exchanges with `###` between them: a request (its line, headers, and its body if there is one)
/// and the answer (likewise), with empty lines between. A request has all of these headers, and may have others. What is asked
/// again is answered by the next such exchange, and by the last one from then on.
#[derive(Debug)]
pub struct Recorded {
    exchanges: Arc<Vec<Exchange>>,
    tls: SocketAddr,
    plain: SocketAddr,
    certificate: Vec<u8>,
    _servers: JoinSet<()>,
}

#[derive(Debug)]
struct Exchange {
    /// `METHOD URL`
    line: String,
    headers: Vec<(String, String)>,
    body: String,
    status: StatusCode,
    answer: String,
    was_asked: AtomicBool,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Recorded {
    /// Serves what these files hold.
    ///
    /// # Panics
    /// When a file is not there, or not of that form.
    pub async fn serve(files: &[&Path]) -> Self {
        let texts = files.iter().map(|file| std::fs::read_to_string(file).expect("a recorded file"));
        let exchanges = texts.flat_map(|text| text.split("\n###\n").map(Exchange::parse).collect::<Vec<_>>());
        let exchanges: Arc<Vec<Exchange>> = Arc::new(exchanges.collect());
        let (certificate, acceptor) = acceptor(&hosts(&exchanges));
        let (listener, plain_listener) =
            tokio::join!(TcpListener::bind("127.0.0.1:0"), TcpListener::bind("127.0.0.1:0"));
        let (listener, plain_listener) =
            (listener.expect("a free port"), plain_listener.expect("a free port"));
        let tls = listener.local_addr().expect("its address");
        let plain = plain_listener.local_addr().expect("its address");
        let router = |scheme: &'static str| {
            Router::new().fallback(answer).with_state((scheme, Arc::clone(&exchanges)))
        };
        let (over_tls, over_tcp) = (router("https"), router("http"));
        let mut servers = JoinSet::new();
        servers.spawn(async move {
            axum::serve(TlsListener { listener, acceptor }, over_tls).await.expect("the server runs");
        });
        servers.spawn(async move { axum::serve(plain_listener, over_tcp).await.expect("the server runs") });
        Self { exchanges, tls, plain, certificate, _servers: servers }
    }

    /// Where it listens for TLS.
    pub const fn address(&self) -> SocketAddr {
        self.tls
    }

    /// A client that comes here when it wants the recorded hosts, over TLS by `way` (this server, or a gate to it).
    ///
    /// # Panics
    /// When the certificate is none.
    pub fn client_by(&self, way: SocketAddr) -> reqwest::ClientBuilder {
        let roots = reqwest::Certificate::from_pem_bundle(&self.certificate).expect("a certificate");
        let client = reqwest::Client::builder().no_proxy().tls_certs_only(roots);
        self.exchanges.iter().fold(client, |client, exchange| {
            let (scheme, host) = exchange.host();
            client.resolve(host, if scheme == "https" { way } else { self.plain })
        })
    }
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Exchange {
    fn parse(text: &str) -> Self {
        let blocks: Vec<&str> = text.trim().split("\n\n").collect();
        let (request, body, answer) = match *blocks.as_slice() {
            [request, status, answer] => (request, "", (status, answer)),
            [request, body, status, answer] => (request, body, (status, answer)),
            _ => unreachable!("not a request and an answer: {text}"),
        };
        let mut lines = request.lines();
        let line = lines.next().expect("a request line").to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        };
        let status = answer.0.split(' ').next().and_then(|code| code.parse().ok()).expect("a status");
        Self {
            line,
            headers: lines.map(header).collect(),
            body: body.to_owned(),
            status,
            answer: answer.1.to_owned(),
            was_asked: AtomicBool::new(false),
        }
    }

    /// The scheme, and the host without a port.
    fn host(&self) -> (&str, &str) {
        let url = self.line.split_once(' ').map_or("", |(_, url)| url);
        let (scheme, rest) = url.split_once("://").expect("a URL");
        (scheme, rest.split('/').next().unwrap_or_default())
    }

    /// How a request differs from the recorded one.
    fn difference(&self, line: &str, headers: &HeaderMap, body: &str) -> Option<String> {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let mut told = String::new();
        if self.line != line {
            let _written = write!(told, "{}; ", self.line);
        }
        for (name, value) in &self.headers {
            if headers.get(name).is_none_or(|other| other != value) {
                let _written = write!(told, "{name}: {value}; ");
            }
        }
        if self.body != body && (json(body).is_none() || json(&self.body) != json(body)) {
            let _written = write!(told, "{}; ", self.body);
        }
        (!told.is_empty()).then_some(told)
    }
}

type Served = (&'static str, Arc<Vec<Exchange>>);

/// As it was recorded; to anything else, what would have been.
#[expect(clippy::expect_used, reason = "a request that cannot be read fails its test")]
async fn answer(State((scheme, exchanges)): State<Served>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let body = String::from_utf8_lossy(&body);
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let line = format!("{} {scheme}://{host}{}", parts.method, parts.uri);
    let (mut same, mut differences) = (Vec::new(), Vec::new());
    for exchange in exchanges.iter() {
        match exchange.difference(&line, &parts.headers, &body) {
            None => same.push(exchange),
            Some(difference) => differences.push(difference),
        }
    }
    let next = same.iter().find(|exchange| !exchange.was_asked.swap(true, Ordering::Relaxed));
    if let Some(exchange) = next.or(same.last()) {
        let json = [(header::CONTENT_TYPE, "application/json")];
        return (exchange.status, json, exchange.answer.clone()).into_response();
    }
    let nearest = differences.into_iter().min_by_key(String::len).unwrap_or_default();
    let told = serde_json::json!({ "message": format!("not recorded: {line}; the nearest has {nearest}") });
    (StatusCode::NOT_IMPLEMENTED, told.to_string()).into_response()
}

fn hosts(exchanges: &[Exchange]) -> String {
    let mut hosts: Vec<String> =
        exchanges.iter().map(|exchange| format!("DNS:{}", exchange.host().1)).collect();
    hosts.sort();
    hosts.dedup();
    hosts.join(",")
}

/// With a certificate for these names, which is its own root.
#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
fn acceptor(names: &str) -> (Vec<u8>, TlsAcceptor) {
    let openssl = OpenSsl::new();
    let names = format!("subjectAltName={names}");
    let made =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let named = ["-subj", "/CN=recorded", "-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"];
    openssl.run(&[&made[..], &named, &["-keyout", "key.pem", "-out", "certificate.pem"]].concat());
    let certificate = openssl.read("certificate.pem");
    let chain = vec![CertificateDer::from_pem_slice(&certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(&openssl.read("key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    (certificate, TlsAcceptor::from(Arc::new(config)))
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
