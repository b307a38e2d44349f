use serde_json::{Value, json};
use sigstead_identity::FulcioConfig;

use super::*;

const EMAIL_ISSUER: &str = "https://people.example";
const CI_ISSUER: &str = "https://ci.example";
const P256: &str = "ecdsa-sha2-256-nistp256";
const RSA: &str = "rsa-sign-pkcs1-2048-sha256";

/// Who the claims speak for, as the CA finds out.
fn principal(claims: Value) -> Principal {
    let trust = format!(
        "oidc-issuers:\n  {EMAIL_ISSUER}:\n    issuer-url: {EMAIL_ISSUER}\n    client-id: s\n    type: email\n  \
         {CI_ISSUER}:\n    issuer-url: {CI_ISSUER}\n    client-id: s\n    type: uri\n    subject-domain: {CI_ISSUER}\n"
    );
    let Value::Object(claims) = claims else { unreachable!() };
    FulcioConfig::parse(&trust).unwrap().principal(&claims).unwrap()
}

fn ada() -> Principal {
    principal(json!({
        "iss": EMAIL_ISSUER, "sub": "1", "email": "ada@example.com", "email_verified": true,
        "groups": ["dev", "release"], "age": 36,
    }))
}

fn job() -> Principal {
    principal(
        json!({ "iss": CI_ISSUER, "sub": "https://ci.example/acme/app", "owner": "acme", "ref": "refs/heads/main" }),
    )
}

/// What becomes of a request under a text of rules: the longest lifetime in seconds, or the operator's reason.
fn outcome(policy: &str, principal: &Principal, key_algorithm: &str) -> Result<Option<u64>, String> {
    let policy = Policy::parse(policy).unwrap_or_else(|error| panic!("{policy}: {error}"));
    let decided = policy.decide(PolicyRequest { principal, key_algorithm }).outcome;
    decided.map(|lifetime| lifetime.map(|lifetime| lifetime.as_secs())).map_err(|denial| denial.reason)
}

/// One rule, which allows within a policy that denies.
fn allowing(lines: &str) -> String {
    format!("default = \"deny\"\n[[rule]]\nname = \"r\"\neffect = \"allow\"\n{lines}\n")
}

const BY_DEFAULT: &str = "no rule matches, and the default is to deny";

#[test]
fn conditions() {
    for (line, ada_may, job_may) in [
        ("", true, true),
        ("issuer = \"https://people.example\"", true, false),
        ("issuer = \"https://*.example\"", true, true),
        ("issuer = \"https://people\"", false, false),
        ("type = \"uri\"", false, true),
        ("san = \"*@example.com\"", true, false),
        ("san = \"https://ci.example/acme/*\"", false, true),
        ("claims = { owner = \"acme\" }", false, true),
        ("claims = { age = 36, email_verified = true }", true, false),
        ("claims = { sub = \"*\" }", true, true),
        ("type = \"email\"\nclaims = { age = 37 }", false, false),
    ] {
        for (principal, may) in [(ada(), ada_may), (job(), job_may)] {
            let expected = if may { Ok(None) } else { Err(BY_DEFAULT.to_owned()) };
            assert_eq!(outcome(&allowing(line), &principal, P256), expected, "{line}");
        }
    }
}

#[test]
fn terms() {
    for (line, key, expected) in [
        ("max_lifetime_secs = 60", P256, Ok(Some(60))),
        ("require = { age = \"*\" }", P256, Ok(None)),
        ("require = { phone = \"*\" }", P256, Err("rule \"r\": the claim phone is missing")),
        (
            "require = { email = \"*@other.example\" }",
            P256,
            Err("rule \"r\": the claim email is not *@other.example"),
        ),
        ("key_algorithms = [\"ed25519\", \"ecdsa-sha2-256-nistp256\"]", P256, Ok(None)),
        (
            "key_algorithms = [\"ed25519\"]",
            RSA,
            Err("rule \"r\": keys for rsa-sign-pkcs1-2048-sha256 are not permitted; these are: ed25519"),
        ),
    ] {
        assert_eq!(outcome(&allowing(line), &ada(), key), expected.map_err(str::to_owned), "{line}");
    }
}

/// Terms are no conditions: a default or a later rule that allows does not help who misses them.
#[test]
fn the_first_rule_that_matches_decides() {
    let policy = "default = \"allow\"\n\
        [[rule]]\nname = \"people\"\neffect = \"allow\"\ntype = \"email\"\nrequire = { phone = \"*\" }\n\
        [[rule]]\nname = \"acme\"\neffect = \"deny\"\nclaims = { owner = \"acme\" }\n\
        [[rule]]\nname = \"all\"\neffect = \"allow\"\nmax_lifetime_secs = 60\n";
    assert_eq!(outcome(policy, &ada(), P256), Err("rule \"people\": the claim phone is missing".to_owned()));
    assert_eq!(outcome(policy, &job(), P256), Err("rule \"acme\": it denies".to_owned()));
    let other =
        principal(json!({ "iss": CI_ISSUER, "sub": "https://ci.example/other/app", "owner": "other" }));
    assert_eq!(outcome(policy, &other, P256), Ok(Some(60)));
    assert_eq!(outcome("default = \"allow\"", &ada(), P256), Ok(None));
    assert_eq!(outcome("default = \"deny\"", &ada(), P256), Err(BY_DEFAULT.to_owned()));
}

#[test]
fn what_clients_are_told() {
    let told = |policy: &str| {
        let policy = Policy::parse(policy).unwrap();
        policy.decide(PolicyRequest { principal: &ada(), key_algorithm: RSA }).outcome.unwrap_err().message
    };
    let usual = "the issuance policy denies a certificate by its rule \"r\"";
    assert_eq!(
        told("default = \"deny\""),
        "no rule of the issuance policy allows a certificate for this identity"
    );
    assert_eq!(
        told(&allowing("require = { phone = \"*\" }")),
        format!("{usual}: the claim phone is missing")
    );
    assert!(told(&allowing("key_algorithms = [\"ed25519\"]")).ends_with("these are: ed25519"));
    assert_eq!(told(&allowing("key_algorithms = [\"ed25519\"]\nmessage = \"use Ed25519\"")), "use Ed25519");
    assert_eq!(told(&allowing("").replace("allow", "deny")), usual);
    #[cfg(feature = "cel")]
    assert_eq!(told(&allowing("when = 'claims.phone == 1'")), usual, "claims stay here");
}

/// The example of docs/policy.md says what it claims to say.
#[cfg(feature = "cel")]
#[test]
fn the_documented_policy() {
    let page = include_str!("../../../../../docs/policy.md");
    let (_, rest) = page.split_once("# policy.toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let job = |event: &str, reference: &str, environment: &str| {
        let mut job = job();
        job.issuer = "https://token.actions.githubusercontent.com".to_owned();
        job.issuer_type = IssuerType::GithubWorkflow;
        let claims = [
            ("event_name", event),
            ("ref", reference),
            ("environment", environment),
            ("repository_owner", "acme"),
        ];
        job.claims = claims.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect();
        outcome(example, &job, P256)
    };
    assert_eq!(job("push", "refs/tags/v1", "release"), Ok(Some(300)));
    assert_eq!(
        job("pull_request_target", "refs/heads/main", "release").unwrap_err(),
        "rule \"no pull requests\": it denies"
    );
    assert_eq!(job("push", "refs/heads/topic", "release").unwrap_err(), BY_DEFAULT);
    assert!(job("push", "refs/heads/main", "test").unwrap_err().contains("environment is not release"));
}

#[test]
fn a_decision_explains_itself() {
    let policy = Policy::parse(
        "default = \"deny\"\n[[rule]]\nname = \"ci\"\neffect = \"allow\"\nissuer = \"https://ci.example\"\n\
         [[rule]]\nname = \"people\"\neffect = \"allow\"\nmax_lifetime_secs = 60\n\
         [[rule]]\nname = \"rest\"\neffect = \"deny\"\nmessage = \"no\"\n",
    );
    let policy = policy.unwrap();
    let explained =
        |principal: &Principal| policy.decide(PolicyRequest { principal, key_algorithm: P256 }).to_string();
    assert_eq!(
        explained(&ada()),
        "rule \"ci\" does not match: the issuer is not https://ci.example\nrule \"people\" decides\n\
         rule \"rest\" is not asked any more\nallowed for at most 60 s"
    );
    assert!(explained(&job()).ends_with("\nallowed"));
    let policy = Policy::parse("default = \"deny\"").unwrap();
    let denied = policy.decide(PolicyRequest { principal: &ada(), key_algorithm: P256 }).to_string();
    assert_eq!(
        denied,
        "no rule matches: the default decides\ndenied: no rule matches, and the default is to deny\n\
         the client is told: no rule of the issuance policy allows a certificate for this identity"
    );
}

proptest::proptest! {
    /// Whatever a token claims, and whatever is asked of it, there is a decision, and it has its words.
    #[test]
    fn no_claim_panics(
        name in "[a-z]{1,3}",
        text in "\\PC{0,20}",
        number in proptest::num::i64::ANY,
        kind in 0..5_u8,
        pattern in "[a-z*]{1,5}",
    ) {
        let value = match kind {
            0 => json!(text),
            1 => json!(number),
            2 => json!(null),
            3 => json!([text, [number], { "a": text }]),
            _ => json!({ "a": { "b": text } }),
        };
        let claims = json!({ "iss": CI_ISSUER, "sub": "https://ci.example/x", "x": value });
        let principal = principal(claims);
        let condition = format!("{name} = \"{pattern}\"");
        let policy = allowing(&format!("claims = {{ {condition} }}\nrequire = {{ x = \"{pattern}\" }}"));
        let _ = outcome(&policy, &principal, &text);
        #[cfg(feature = "cel")]
        {
            let policy = allowing(&format!("when = 'claims.x == \"{pattern}\" || claims.x.a.b.startsWith(\"{pattern}\")'"));
            let _ = outcome(&policy, &principal, &text);
        }
    }
}
