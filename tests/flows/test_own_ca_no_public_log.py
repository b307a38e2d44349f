"""A company with its own CA and without a public log, from its root to a verified image.

The root is made with openssl; CA and TSA are intermediates by docs/operations/under-an-internal-ca.md; the TSA is behind client certificates;
a CI job's token has a SPIFFE identity; cosign signs without a log and verifies with the chains of CA and TSA.
"""

import json

import pytest

from balanced import Balanced
from certificates import Authority
from clients.cosign import Cosign2, Cosign3
from organization import Organization
from page import Page, Reader
from stack import Stack, run

PAGE = Page("under-an-internal-ca.md")
REGISTRY = ["--allow-insecure-registry"]
PIPELINE = "spiffe://sigstead.local/ns/build/sa/pipeline"


class Company:
    """The stack, and what its operators hand to builders and verifiers."""

    def __init__(self, stack, organization, tls):
        self.stack, self.organization, self.tls = stack, organization, tls


def company(binary, folder, database, issuer):
    organization, tls = Organization(folder / "organization"), Authority(folder)
    made = Stack.up(binary, folder / "data", database)
    made.stop()
    for service in ("ca", "tsa"):
        (made.data / f"{service}-authorities.toml").unlink()
    reader = Reader(binary, made.data)
    theirs = {name: organization.folder / name for name in ("policy.pem", "policy.key", "root.pem")}
    reader(PAGE.script("--csr"))
    reader(PAGE.script("openssl x509"), {name: theirs[name] for name in ("policy.pem", "policy.key")})
    reader(PAGE.script("sigstead ca import"), {name: theirs[name] for name in ("policy.pem", "root.pem")})
    for service in ("ca", "tsa"):
        assert PAGE.told("may sign") in reader(PAGE.command(f"sigstead {service} list"))
    config = made.data / "sigstead.toml"
    text = config.read_text().replace('url = "http://' + made.urls["tsa"].split("//")[1], 'url = "https://' + made.urls["tsa"].split("//")[1])
    text = "".join(line + "\n" for line in text.splitlines() if not line.startswith(("ct_", "sct ")))
    certificate, key = tls.issue("tsa", "127.0.0.1", "tsa.example.org")
    text += (f'\n[tsa.tls]\ncertificate = "{certificate}"\nkey = "file:{key}"\nclient_auth = "required"\n'
             f'client_ca = "{tls.pem}"\nallowed_clients = ["spiffe://sigstead.local/ns/build/*"]\nopen_paths = ["/ping"]\n')
    config.write_text(text)
    made.urls["tsa"] = made.urls["tsa"].replace("http:", "https:")
    return Company(Balanced.start(binary, made, ["ca", "tsa"], issuer), organization, tls)


@pytest.fixture(scope="module", params=["SQLite", "Postgres"])
def running(request, binary, tmp_path_factory, up_stack):
    folder = tmp_path_factory.mktemp("company")
    database = None if request.param == "SQLite" else request.getfixturevalue("postgres").new_database()
    made = company(binary, folder, database, up_stack)
    with made.stack:
        yield made


def flags_of(version):
    """cosign 3 without its newer ways, which want a log; cosign 2 as it is."""
    if version is Cosign3:
        return ["--use-signing-config=false", "--new-bundle-format=false"], ["--new-bundle-format=false"]
    return [], []


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_from_the_companys_root_to_a_verified_image(version, running, image, work):
    cosign, (signing, verifying) = version(running.stack, work), flags_of(version)
    token = cosign.token_file("--issuer-type", "spiffe", "--sub", PIPELINE)
    certificate, key = running.tls.client("builder", PIPELINE)
    tsa = ["--timestamp-server-url", running.stack.urls["tsa"], "--timestamp-server-name", "tsa.example.org"]
    tsa += ["--timestamp-client-cacert", running.tls.pem]
    shown = ["--timestamp-client-cert", certificate, "--timestamp-client-key", key]
    sign = ["sign", *REGISTRY, *signing, "--identity-token", token, "--fulcio-url", running.stack.urls["ca"],
            "--tlog-upload=false", "--insecure-skip-verify"]
    for _ in range(2):
        # In turns to both copies of CA and TSA.
        cosign(*sign, *tsa, *shown, image)
    cosign(*sign, *tsa, image, ok=False)

    (work / "policy-and-ca.pem").write_text(
        (running.stack.data / "ca.pem").read_text() + (running.organization.folder / "policy.pem").read_text()
    )
    url = running.stack.urls["tsa"].removesuffix("/api/v1/timestamp")
    chain = work / "tsa.pem"
    fetched = run(["curl", "-fsS", "--cacert", running.tls.pem, "--cert", certificate, "--key", key, f"{url}/api/v1/timestamp/certchain"])
    chain.write_text(fetched.stdout)
    assert run(["curl", "-fsS", "--cacert", running.tls.pem, f"{url}/ping"]).stdout == ".", "open to probes"

    def verified(ok, identity=PIPELINE, timestamps=chain, roots=running.organization.folder / "root.pem"):
        cosign("verify", *REGISTRY, *verifying, "--insecure-ignore-tlog", "--insecure-ignore-sct", "--use-signed-timestamps",
               "--ca-roots", roots, "--ca-intermediates", work / "policy-and-ca.pem",
               "--timestamp-certificate-chain", timestamps, "--certificate-identity", identity,
               "--certificate-oidc-issuer-regexp", f"^{running.stack.issuer}", image,
               ok=ok, env={"SIGSTORE_TSA_CERTIFICATE_FILE": str(timestamps)})

    verified(True)
    verified(False, identity="spiffe://sigstead.local/ns/build/sa/other")
    other = Organization(work / "other")
    verified(False, roots=other.folder / "root.pem")
    foreign = work / "foreign.pem"
    foreign.write_text((other.folder / "policy.pem").read_text() + (other.folder / "root.pem").read_text())
    verified(False, timestamps=foreign)


def test_every_chain_ends_at_the_companys_root(running, work):
    root = running.organization.folder / "root.pem"
    bundle = json.loads(run(["curl", "-fsS", PAGE.told("trustBundle").replace("https://ca.example.com", running.stack.urls["ca"])]).stdout)
    assert [chain["certificates"][-1].strip() for chain in bundle["chains"]] == [root.read_text().strip()]
    certificate, key = running.tls.client("checker", PIPELINE)
    url = running.stack.urls["tsa"].removesuffix("/api/v1/timestamp")
    shown = f"curl -sSf --cacert {running.tls.pem} --cert {certificate} --key {key}"
    script = PAGE.script("openssl ts -verify")
    told = Reader(running.stack.binary, work)(script, {"curl -sSf": shown, "https://tsa.example.com": url, "root.pem": root})
    assert "Verification: OK" in told
