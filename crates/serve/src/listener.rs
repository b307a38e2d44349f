use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::server::graceful::GracefulShutdown;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::client_limit::{ClientLimit, limit_client};
use crate::connection::Connections;
use crate::{Limits, Tasks, Tls, metrics, request_id, tls};

/// How long open requests may take to end once shutdown was asked for.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

/// Why a listener could not be opened.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Another process has the port.
    #[error(
        "{service} cannot listen on {address}: the port is in use\n  \
         hint: stop the program that has it (`ss -ltnp 'sport = :{port}'` names it), or give {service} another port",
        port = address.port()
    )]
    PortInUse {
        /// The service that wanted the port.
        service: &'static str,
        /// Where it wanted to listen.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("{service} cannot listen on {address}: {source}")]
    Bind {
        /// The service that wanted the port.
        service: &'static str,
        /// Where it wanted to listen.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A port that this process owns but does not answer on yet.
#[derive(Debug)]
pub struct BoundListener {
    service: &'static str,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// Takes `address` for `service`; port 0 lets the system choose.
///
/// # Errors
/// When the port is taken or may not be used.
pub async fn bind(service: &'static str, address: SocketAddr) -> Result<BoundListener, ServeError> {
    let refused = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortInUse { service, address },
        _ => ServeError::Bind { service, address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(BoundListener { service, listener, address, tls: None })
}

impl BoundListener {
    /// Where it really listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Speaks TLS, if there is any: HTTP/1.1 and HTTP/2 by ALPN.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Where it really listens, as a URL.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// Answers with `router` until the tasks shut down, then lets open requests finish.
    pub fn serve(self, router: Router, limits: &Limits, tasks: &Tasks) {
        let router = match &self.tls {
            Some(tls) => {
                let watching = tls.clone().watch(self.service, tasks.shutdown().clone());
                tasks.spawn(watching);
                let known = (self.service, tls.clients());
                router.layer(axum::middleware::from_fn_with_state(known, tls::require_client))
            }
            None => router,
        };
        let connections = Connections {
            listener: self.service,
            router: protect(router, self.service, limits),
            limits: limits.clone(),
            tls: self.tls.clone(),
            graceful: GracefulShutdown::new(),
        };
        tasks.spawn(accept_until_shutdown(self, connections, tasks.clone()));
    }
}

/// The layers that every service gets, outermost first. They are around the router, not around each of its routes: those
/// would be boxed and copied once more for every layer and request.
fn protect(router: Router, service: &'static str, limits: &Limits) -> Router {
    let clients = limits.client.clone().map(|clients| {
        let limit = ClientLimit::new(service, clients);
        axum::middleware::from_fn_with_state(limit, limit_client)
    });
    let protected = tower::ServiceBuilder::new()
        .layer(axum::middleware::from_fn(request_id::with_request_id))
        .layer(axum::middleware::from_fn_with_state(service, metrics::observe))
        .option_layer(clients)
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(limits.in_flight))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.request))
        .layer(CatchPanicLayer::new())
        .service(router);
    Router::new().fallback_service(protected)
}

async fn overloaded(_: tower::BoxError) -> Response {
    let retry = [(header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, retry, "too many requests in flight\n").into_response()
}

async fn accept_until_shutdown(bound: BoundListener, connections: Connections, tasks: Tasks) {
    let slots = Arc::new(Semaphore::new(connections.limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&bound.listener, &slots) => accepted,
            () = tasks.shutdown().cancelled() => break,
        };
        match accepted {
            Ok((stream, slot)) => connections.take(stream, slot, &tasks),
            Err(error) => {
                // Out of file descriptors, or the peer is gone already: breathe, then go on.
                tracing::warn!(service = bound.service, %error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(bound.listener);
    if tokio::time::timeout(DRAIN_PATIENCE, connections.graceful.shutdown()).await.is_err() {
        tracing::warn!(service = bound.service, "requests were still open when the drain time ended");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}
