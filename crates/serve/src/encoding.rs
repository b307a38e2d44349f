use axum::http::{HeaderMap, header};

/// Whether a client takes gzip (RFC 9110 §12.5.3): named, or by `*`, and not with weight 0.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings: Vec<(&str, bool)> = values.flat_map(|value| value.split(',')).map(coding).collect();
    let wanted = |name: &str| codings.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name));
    wanted("gzip").or_else(|| wanted("*")).is_some_and(|(_, has_weight)| *has_weight)
}

/// A coding, and whether its weight is above 0.
fn coding(text: &str) -> (&str, bool) {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    let weight = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.trim().strip_prefix('='));
    let is_zero =
        weight.and_then(|weight| weight.trim().parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0);
    (name.trim(), !is_zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_count() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            accepts_gzip(&headers)
        };
        for yes in ["gzip", "deflate, gzip;q=0.5", "br, *", "GZIP", "gzip; q=1, *;q=0"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "x-gzipped", "br"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()), "a client that says nothing gets what it can surely read");
    }
}
