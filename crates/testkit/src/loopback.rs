use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// An HTTP server on a free port of 127.0.0.1; gone when this value is.
#[derive(Debug)]
pub struct Loopback {
    url: String,
    _server: JoinSet<()>,
}

#[expect(clippy::expect_used, reason = "a fixture that cannot be made fails its test")]
impl Loopback {
    /// Serves what `make` makes; it is told the server's URL.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn serve(make: impl FnOnce(&str) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router = make(&url);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("the server runs") });
        Self { url, _server: server }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }
}
