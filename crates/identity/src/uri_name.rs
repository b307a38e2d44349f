//! A URI as Fulcio puts it into a certificate.

use url::Url;

use crate::TokenError;

/// The URI with its path percent-encoded where it must be, as Go's `net/url` prints it. Refused is what could
/// be read as another URI: dot segments, escaped slashes and dots, user information, and a path that has
/// escapes and needs more of them.
pub(crate) fn uri_name(text: &str) -> Result<String, TokenError> {
    let tail = text.find(['?', '#']).and_then(|at| text.split_at_checked(at));
    let (text, tail) = tail.unwrap_or((text, ""));
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if !tail.chars().all(is_plain) {
        return Err(refuse("characters that a URI does not have"));
    }
    Ok(format!("{}{tail}", without_tail(text)?))
}

/// The URI of a path under `base`, as Go's `URL.JoinPath` makes it: what would begin a query or a fragment is a part of
/// the path, and escaped. A path with an empty segment, which Go would leave out, is refused too.
pub(crate) fn joined(base: &str, path: &str) -> Result<String, TokenError> {
    if base.contains(['?', '#']) {
        return Err(refuse("not the URI of a site"));
    }
    if path.split('/').any(str::is_empty) {
        return Err(refuse("a path with an empty segment"));
    }
    without_tail(&format!("{base}/{path}"))
}

const fn refuse(why: &'static str) -> TokenError {
    TokenError::Value { claim: "name", why }
}

/// A URI that has no query and no fragment.
fn without_tail(text: &str) -> Result<String, TokenError> {
    let parsed = Url::parse(text).map_err(|_| refuse("not a URI"))?;
    if !parsed.has_host() || !matches!(parsed.scheme(), "https" | "http") {
        return Err(refuse("not an http or https URI"));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse("not a URI with a host"))?;
    let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    if authority.is_empty() || !authority.chars().all(|c| c.is_ascii_alphanumeric() || "-.:_[]".contains(c)) {
        return Err(refuse("a host that is not plain"));
    }
    if authority.split(':').next().is_some_and(|host| host.split('.').any(str::is_empty)) {
        return Err(refuse("a host with an empty label"));
    }
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return Err(refuse("characters that a URI does not have"));
    }
    let lower = path.to_ascii_lowercase();
    if ["%2f", "%5c", "%2e"].iter().any(|escape| lower.contains(escape)) {
        return Err(refuse("a URI with an escaped slash or dot"));
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(refuse("a URI with dot segments"));
    }
    let path = match (path.bytes().all(|byte| is_kept(byte) || byte == b'%'), path.contains('%')) {
        (true, _) if path.split('%').skip(1).all(is_escape) => path.to_owned(),
        (true, _) => return Err(refuse("a URI with a broken escape")),
        (false, true) => return Err(refuse("a URI that is escaped in part")),
        (false, false) => escaped(path),
    };
    Ok(format!("{}://{authority}{path}", scheme.to_ascii_lowercase()))
}

fn is_escape(after_percent: &str) -> bool {
    after_percent.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether Go takes the byte in a path as it stands.
fn is_kept(byte: u8) -> bool {
    is_never_escaped(byte) || b"!'()*[]".contains(&byte)
}

fn is_never_escaped(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte)
}

/// Once one byte must be escaped, Go escapes all that it can.
fn escaped(path: &str) -> String {
    let escape = |byte: u8| {
        if is_never_escaped(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    path.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_prints_them() {
        for (text, expected) in [
            ("https://a.example", "https://a.example"),
            ("HTTPS://a.example/b c", "https://a.example/b%20c"),
            (
                "https://a.example/o/r//w.yml@refs/heads/é(1)",
                "https://a.example/o/r//w.yml@refs/heads/%C3%A9%281%29",
            ),
            ("https://a.example/w(1)*!'[x]", "https://a.example/w(1)*!'[x]"),
            ("https://a.example/a%20b?q=/../x#f", "https://a.example/a%20b?q=/../x#f"),
            ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ] {
            assert_eq!(uri_name(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn paths_as_go_joins_them() {
        for (path, expected) in [
            ("o/r", "https://a.example/o/r"),
            ("w.yml@refs/heads/fix#12", "https://a.example/w.yml@refs/heads/fix%2312"),
            ("my (w).yml@refs/heads/ü", "https://a.example/my%20%28w%29.yml@refs/heads/%C3%BC"),
            ("p?q=1", "https://a.example/p%3Fq=1"),
            ("a%20b(1)", "https://a.example/a%20b(1)"),
        ] {
            assert_eq!(joined("https://a.example", path).as_deref(), Ok(expected));
        }
        for path in ["", "/a", "a/", "a//b", "a/../b", "a%2Fb", "100%", "a%20b#c", "a\nb"] {
            assert!(joined("https://a.example", path).is_err(), "{path}");
        }
        assert!(joined("https://a.example?q", "a").is_err() && joined("a.example", "a").is_err());
    }

    #[test]
    fn what_could_be_another() {
        for text in [
            "",
            "a",
            "/a",
            "//a.example/b",
            "ftp://a.example/b",
            "https:///b",
            "https:a.example/b",
            "https://u@a.example/b",
            "https://a.example/b/../c",
            "https://a.example/./c",
            "https://a.example/b%2Fc",
            "https://a.example/b%2e%2e/c",
            "https://a.example/é%20b",
            "https://a.example/b\nc",
            "https://é.example/b",
            "https://a.example\\b",
            "https://a.example/b?é",
            "https://a b/c",
            "https://../c",
            "https://a.example./c",
            "https://a..example:443/c",
            "https://a.example/%zz",
            "https://a.example/%e",
        ] {
            assert!(uri_name(text).is_err(), "{text}");
        }
    }
}
