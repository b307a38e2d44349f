use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tower::ServiceExt as _;

use crate::client_address::Peer;
use crate::{Client, Limits, Tasks, Tls};

/// What every connection of a listener is answered with.
pub(crate) struct Connections {
    pub(crate) listener: &'static str,
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<Tls>,
    pub(crate) graceful: GracefulShutdown,
}

/// One connection's share of it.
struct Connection {
    router: Router,
    limits: Limits,
    watcher: Watcher,
    slot: OwnedSemaphorePermit,
    peer: Option<Peer>,
}

impl Connections {
    /// Answers on `stream`; its handshake and its requests hold up no other connection.
    pub(crate) fn take(&self, stream: TcpStream, slot: OwnedSemaphorePermit, tasks: &Tasks) {
        let connection = Connection {
            router: self.router.clone(),
            limits: self.limits.clone(),
            watcher: self.graceful.watcher(),
            slot,
            // It may be gone already; then nobody waits for an answer.
            peer: stream.peer_addr().ok().map(|address| Peer(address.ip())),
        };
        let Some(tls) = self.tls.clone() else {
            tasks.spawn(connection.serve(stream, None));
            return;
        };
        let (listener, stop) = (self.listener, tasks.shutdown().clone());
        tasks.spawn(async move {
            let handshake = tokio::select! {
                handshake = tls.handshake(stream, connection.limits.handshake) => handshake,
                // Nothing was asked yet, so nothing is cut off.
                () = stop.cancelled() => return,
            };
            match handshake {
                Ok((stream, client)) => connection.serve(stream, client).await,
                Err(error) => {
                    metrics::counter!("sigstead_tls_handshakes_failed_total", "listener" => listener)
                        .increment(1);
                    tracing::debug!(listener, %error, "no TLS handshake");
                }
            }
        });
    }
}

impl Connection {
    async fn serve<S>(self, stream: S, client: Option<Client>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { router, limits, watcher, slot, peer } = self;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_read);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
        let service = router.map_request(move |mut request: http::Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            if let Some(client) = &client {
                request.extensions_mut().insert(client.clone());
            }
            request
        });
        let served =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        if let Err(error) = watcher.watch(served.into_owned()).await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(slot);
    }
}
