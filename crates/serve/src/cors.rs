use axum::extract::Request;
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

/// Open to every origin: any method and header that a preflight asks for is allowed.
pub fn cors_layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
}

/// Open to every origin, for some methods and request headers only.
pub fn restricted_cors_layer(
    methods: impl IntoIterator<Item = Method>,
    headers: impl IntoIterator<Item = HeaderName>,
) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(methods.into_iter().collect::<Vec<_>>())
        .allow_headers(headers.into_iter().collect::<Vec<_>>())
}

/// Around such a layer: a preflight is answered 204, as the originals do.
pub async fn preflight_without_content(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if is_preflight && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}
