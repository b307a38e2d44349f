use axum::http::{HeaderName, Method};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

/// The layer that [`cors_layer`] makes.
pub type Cors = CorsLayer;

/// Open to every origin: any method and header that a preflight asks for is allowed.
pub fn cors_layer() -> Cors {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
}

/// Open to every origin, for some methods and request headers only.
pub fn restricted_cors_layer(
    methods: impl IntoIterator<Item = Method>,
    headers: impl IntoIterator<Item = HeaderName>,
) -> Cors {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(methods.into_iter().collect::<Vec<_>>())
        .allow_headers(headers.into_iter().collect::<Vec<_>>())
}
