use serde_json::json;
use sigstead_identity::{IssuerType, Principal};
use sigstead_x509::SubjectAlternativeName;

use super::*;

fn principal(claims: Json) -> Principal {
    let Json::Object(claims) = claims else { unreachable!() };
    Principal {
        issuer: "https://i.example".into(),
        issuer_type: IssuerType::Email,
        subject: "1".into(),
        challenges: Vec::new(),
        name: SubjectAlternativeName::Email("ada@example.com".into()),
        extensions: Vec::new(),
        claims,
    }
}

fn holds(source: &str, claims: Json) -> Result<bool, String> {
    let expression = Expression::compile(source)?;
    let principal = principal(claims);
    expression.holds(&Facts::new(PolicyRequest { principal: &principal, key_algorithm: "ed25519" }))
}

#[test]
fn what_can_be_said() {
    let claims = json!({
        "email": "ada@example.com", "groups": ["dev", "release"], "age": 36, "share": 0.5, "negative": -3,
        "big": 18_446_744_073_709_551_615_u64, "verified": true, "none": null, "nested": { "a-b": { "c": "d" } },
    });
    for (source, expected) in [
        ("issuer == 'https://i.example' && issuer_type == 'email'", true),
        ("san == claims.email && key == 'ed25519'", true),
        ("key.startsWith('rsa-') || key.contains('ecdsa')", false),
        ("'release' in claims.groups", true),
        ("claims.groups.exists(g, g == 'release')", true),
        ("claims.groups.all(g, size(g) < 4)", false),
        ("claims.groups.filter(g, g.endsWith('v')).map(g, g + '!') == ['dev!']", true),
        ("claims.groups.exists_one(g, g.matches('^r.*e$'))", true),
        ("claims.age == 36 && claims.age > 35.5 && claims.age - 40 == claims.negative - 1", true),
        ("claims.share * 2.0 == 1.0 && claims.big > 1.8e19", true),
        ("has(claims.phone)", false),
        ("has(claims.email) ? claims.verified : false", true),
        ("claims.none == null", true),
        ("claims.nested['a-b'].c == 'd'", true),
        ("claims.?nested.?x.orValue('y') == 'y'", true),
        ("claims.phone == 1 || true", true),
        ("type(claims.age) == int && type(claims.groups) == list && string(claims.age) == '36'", true),
        ("{'a': 1}['a'] == 1", true),
        ("claims.email == 1", false),
        (r"matches(claims.email, '(?i)^ADA@') && claims.email.matches('\\w+')", true),
        (r"claims.email.matches(r'^[a-z]+@example\.com$')", true),
        ("\n  claims.email\n  .size() // who?\n  == 15\n", true),
    ] {
        assert_eq!(holds(source, claims.clone()), Ok(expected), "{source}");
    }
}

/// They deny, so none may pass for true or false.
#[test]
fn what_goes_wrong_is_an_error() {
    for (source, told) in [
        ("claims.phone == 1", "phone"),
        ("claims.email", "it is of type string"),
        ("1", "it is of type int"),
        ("claims.email < 1", "overload"),
        ("1 / 0 == 1", "zero"),
        ("9223372036854775807 + 1 > 0", "verflow"),
        ("claims.age.matches('x')", ""),
        ("claims.email[0] == 'a'", ""),
        ("int(claims.email) == 1", ""),
        ("claims.email && true", ""),
    ] {
        let error = holds(source, json!({ "email": "ada@example.com" })).unwrap_err();
        assert!(error.contains(told) && error.len() < 5 * MAX_ERROR, "{source}: {error}");
    }
}

#[test]
fn what_is_refused_at_once() {
    let deep = |open: &str, close: &str| format!("{}true{}", open.repeat(200), close.repeat(200));
    for (source, told) in [
        ("", "line 1"),
        ("claims.", "line 1"),
        ("claims.email = 'a'", "line 1"),
        ("claim.email == 'a'", "claim is not known; there are issuer"),
        ("claims.email.endWith('a')", "endWith() is not known; there are"),
        ("now() > 1", "now() is not known"),
        ("claims.a.matches(claims.b)", "must be written out"),
        ("matches(claims.a, claims.b)", "must be written out"),
        ("claims.a.matches('(')", "the pattern of matches() cannot be used"),
        (r"claims.a.matches('(\\w{500}){500}')", "the pattern of matches() cannot be used"),
        ("claims.a.exists(x, claims.b.exists(y, x == y))", "a macro may not be in another one"),
        ("claims.a.all(x, x in claims.b.filter(y, y > 1))", "a macro may not be in another one"),
        ("claims.a.exists(x, true) && x == 1", "x is not known"),
        ("Message{a: 1} == 1", ""),
        (&deep("(", ")"), ""),
        (&deep("[", "]"), ""),
        (&format!("1{} == 1", " + 1".repeat(1000)), "deeper than 48 levels"),
        (&"a".repeat(MAX_SOURCE + 1), "longer than 4096 bytes"),
    ] {
        let error = Expression::compile(source).unwrap_err();
        assert!(error.contains(told), "{}: {error}", source.get(..60).unwrap_or(source));
    }
}

/// A request is handled on a stack of two megabytes, without optimization too.
#[test]
fn the_deepest_expression_fits_the_stack() {
    let deepest = format!("1{} == 45", " + 1".repeat(44));
    assert_eq!(holds(&deepest, json!({})), Ok(true));
    assert!(Expression::compile(&format!("1{} == 1", " + 1".repeat(48))).is_err());
    let conditional = format!("{}true{}", "true ? (".repeat(15), ") : false".repeat(15));
    assert_eq!(holds(&conditional, json!({})), Ok(true));
}

#[test]
fn large_claims_are_not_looked_at() {
    let list = |length: usize| json!({ "list": vec![0; length] });
    assert_eq!(holds("size(claims.list) == 999", list(MAX_VALUES - 1)), Ok(true));
    assert!(holds("size(claims.list) > 0", list(MAX_VALUES)).unwrap_err().contains("more than 1000 values"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]
    /// From the language's own pieces, which a parser is more likely to trip over than over any text.
    #[test]
    fn nothing_panics(pieces in proptest::collection::vec(0..PIECES.len(), 1..12), text in "\\PC{0,30}") {
        let source: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let claims = json!({ "a": "b", "l": [1, "x", null], "m": { "n": 1.5 } });
        let _ = holds(&source, claims.clone());
        let _ = holds(&text, claims);
    }
}

const PIECES: [&str; 56] = [
    "claims",
    "claims.a",
    "claims.l",
    "claims.m.n",
    "issuer",
    "key",
    "x",
    ".",
    ".?",
    "[",
    "[?",
    "]",
    "(",
    ")",
    "{",
    "}",
    "{'a': 1}",
    "'a'",
    "\"",
    "'''",
    "r'",
    "b'\\x'",
    "\\",
    "`a`",
    "1",
    "1u",
    "0x",
    "1e999",
    "9999999999999999999999",
    "-",
    "!",
    "+",
    "*",
    "/",
    "%",
    "==",
    "<",
    ">=",
    "&&",
    "||",
    "?",
    ":",
    ",",
    " in ",
    "has(",
    ".exists(x,",
    ".all(x,",
    ".map(x,",
    ".filter(x,",
    ".matches('('",
    "size(",
    "type(",
    "null",
    "true",
    "\n",
    "é",
];
