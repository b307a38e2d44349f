"""The issuance policy: what cosign gets and is told, what `ca policy test` says before, and the file that changes meanwhile."""

import base64
import json
import re
import urllib.request

import pytest
from cryptography import x509

from clients.cosign import EMAIL, Cosign3
from stack import Stack, run, wait_for

STAFF = """
default = "deny"

[[rule]]
name = "interns"
effect = "deny"
san = "intern@*"
message = "interns sign by their supervisor"

[[rule]]
name = "staff"
effect = "allow"
issuer = "http://127.0.0.1:*"
type = "email"
when = 'claims.email.endsWith("@example.org") && "release" in claims.groups'
require = { email_verified = true }
key_algorithms = ["ecdsa-sha2-256-nistp256"]
max_lifetime_secs = 120
"""
INTERN = "intern@example.org"
RELEASE = ("--claim", 'groups=["dev","release"]')


@pytest.fixture
def governed(binary, tmp_path, monkeypatch):
    """A stack whose policy is `STAFF`, in a file that the test may change."""
    policy = tmp_path / "policy.toml"
    policy.write_text(STAFF)
    monkeypatch.setenv("SIGSTEAD_CA__POLICY", str(policy))
    with Stack.up(binary, tmp_path / "data") as stack:
        stack.policy = policy
        yield stack


def sign(stack, work, blob, *claims, email=EMAIL, ok=True):
    """The bundle, or what cosign says."""
    cosign = Cosign3(stack, work)
    token = cosign.token_file("--email", email, *claims)
    bundle = work / "bundle.json"
    flags = ["--identity-token", token, *cosign.services(), "--bundle", bundle]
    result = cosign("sign-blob", *flags, blob, ok=ok)
    # It prints the server's JSON, with its quotes escaped.
    return json.loads(bundle.read_text()) if ok else result.stderr.replace("\\", "")


def lifetime(bundle):
    raw = bundle["verificationMaterial"]["certificate"]["rawBytes"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(raw))
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds()


def dry_run(stack, *arguments, code=0, **options):
    """What `sigstead ca policy test` prints; the exit code must be `code`."""
    command = [stack.binary, "ca", "policy", "test", "--config", stack.data / "sigstead.toml", *arguments]
    result = run(command, ok=None, **options)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def metric(stack, name):
    text = stack.get("admin", "/metrics").decode()
    return sum(float(value) for value in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M))


def denials(stack):
    config = ["--config", stack.data / "sigstead.toml"]
    found = run([stack.binary, "ca", "audit", *config, "--outcome", "denied", "--json"], ok=None).stdout
    return [json.loads(line) for line in found.splitlines()]


def entries(stack):
    log = json.loads(stack.get("log", "/api/v1/log"))["treeSize"]
    return log, json.loads(stack.get("ct", "/ct/v1/get-sth"))["tree_size"]


def test_cosign_gets_what_the_policy_allows(governed, blob, work):
    bundle = sign(governed, work, blob, *RELEASE)
    assert lifetime(bundle) == 120
    cosign = Cosign3(governed, work)
    checks = [*cosign.identity(), *cosign.trust(), "--bundle", work / "bundle.json"]
    cosign("verify-blob", *checks, blob)
    before = entries(governed)

    told = sign(governed, work, blob, ok=False)
    assert "403" in told and "staff" in told, told
    told = sign(governed, work, blob, *RELEASE, email=INTERN, ok=False)
    assert "interns sign by their supervisor" in told, told
    assert entries(governed) == before, "nothing was logged"
    intern, nobody = denials(governed)
    assert (intern["san"], intern["reason"]) == (INTERN, 'rule "interns": it denies')
    assert "cannot be evaluated: No such key: groups" in nobody["reason"] and nobody["claims"]["email"] == EMAIL
    assert metric(governed, "sigstead_ca_denials_total") == 2


def test_a_dry_run_says_what_the_server_does(governed, blob, work):
    token = work / "token"
    for email, claims, code in [(EMAIL, RELEASE, 0), (EMAIL, ("--claim", 'groups=["dev"]'), 1), (INTERN, RELEASE, 1)]:
        token.write_text(governed.token("--email", email, *claims))
        said = dry_run(governed, "--token", token, code=code)
        told = sign(governed, work, blob, *claims, email=email, ok=code == 0)
        if code == 0:
            assert 'rule "staff" decides' in said and "lifetime: 120 s" in said
            assert lifetime(told) == 120
        else:
            message = re.search("the client is told: (.*)", said)[1]
            assert message in told, (said, told)
    assert 'rule "interns" does not match: the name is not intern@*' in dry_run(
        governed, "--token", "-", input=governed.token("--email", EMAIL, *RELEASE)
    )
    token.write_text(governed.token("--email", EMAIL, *RELEASE))
    assert "are not permitted" in dry_run(governed, "--token", token, "--key-algorithm", "ed25519", code=1)
    other = work / "other.toml"
    other.write_text('default = "allow"\n')
    assert "lifetime: 600 s" in dry_run(governed, "--token", token, "--policy", other)
    # Nothing is issued and nothing recorded; and what cannot be found out is neither allowed nor denied.
    assert len(denials(governed)) == 2
    token.write_text("not.a.token")
    assert "the token is not believed" in dry_run(governed, "--token", token, code=2)
    assert "--token names a file" in dry_run(governed, "--token", governed.token("--email", EMAIL), code=2)
    assert "dsa is not an algorithm" in dry_run(governed, "--token", token, "--key-algorithm", "dsa", code=2)


def test_a_dry_run_takes_claims_without_a_token(governed, work):
    claims = {"iss": governed.issuer, "sub": "1", "email": EMAIL, "email_verified": True, "groups": ["release"]}
    file = work / "claims.json"
    file.write_text(json.dumps(claims))
    assert f"name: {EMAIL}\n" in dry_run(governed, "--claims", file)
    file.write_text(json.dumps({**claims, "groups": []}))
    assert "does not match: it is not so that" in dry_run(governed, "--claims", file, code=1)
    file.write_text(json.dumps({**claims, "iss": "https://elsewhere.example"}))
    assert "is not trusted" in dry_run(governed, "--claims", file, code=2)


def test_kinds_of_key_are_those_that_are_named(binary, tmp_path, monkeypatch, blob, work):
    """P-384 alone, and with SHA-256, by which openssl signs requests unless it is told otherwise."""
    monkeypatch.setenv("SIGSTEAD_CA__CLIENT_ALGORITHMS", '["ecdsa-sha2-256-nistp384"]')
    with Stack.up(binary, tmp_path / "data") as stack:
        assert "signing algorithm not permitted" in sign(stack, work, blob, ok=False), "cosign's key is on P-256"
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-noenc", "-keyout", work / "key", "-subj", "/CN=any"]
        csr = run(["openssl", "req", "-new", "-sha256", *made]).stdout
        body = {
            "credentials": {"oidcIdentityToken": stack.token("--email", EMAIL)},
            "certificateSigningRequest": base64.b64encode(csr.encode()).decode(),
        }
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{stack.urls['ca']}/api/v2/signingCert", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            assert "signedCertificateEmbeddedSct" in json.load(answer)
        token, policy = work / "token", work / "policy.toml"
        token.write_text(stack.token("--email", EMAIL))
        policy.write_text('default = "allow"\n')
        assert "ca.client_algorithms" in dry_run(stack, "--token", token, "--policy", policy, code=1)
        dry_run(stack, "--token", token, "--policy", policy, "--key-algorithm", "ecdsa-sha2-256-nistp384")
        monkeypatch.setenv("SIGSTEAD_CA__CLIENT_ALGORITHMS", '["dsa"]')
        told = run([binary, "config", "check", "--config", stack.data / "sigstead.toml"], ok=False).stdout
        assert "ca.client_algorithms: dsa is not an algorithm" in told


def test_the_file_is_read_again_when_it_changes(governed, blob, work):
    reloads = lambda outcome: metric(governed, f'sigstead_reloads_total{{what="policy",outcome="{outcome}"}}')
    governed.policy.write_text(STAFF.replace('"release" in claims.groups', '"release" in claim.groups'))
    wait_for(lambda: reloads("refused") == 1, "the refusal of a bad policy", 20)
    assert lifetime(sign(governed, work, blob, *RELEASE)) == 120, "the old one stays"
    wrong = run([governed.binary, "config", "check", "--config", governed.data / "sigstead.toml"], ok=False).stdout
    assert 'rule "staff": when: claim is not known; there are issuer' in wrong

    governed.policy.write_text(STAFF.replace("120", "60"))
    wait_for(lambda: reloads("loaded") == 1, "the next policy", 20)
    assert lifetime(sign(governed, work, blob, *RELEASE)) == 60
    right = run([governed.binary, "config", "check", "--config", governed.data / "sigstead.toml"]).stdout
    assert "ca: ok" in right
