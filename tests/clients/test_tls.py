"""Every listener over TLS: cosign, grpcio, curl and openssl; clients by certificate; new certificates under load."""

import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import grpc
import pytest

from certificates import DAY, Authority
from clients.cosign import Cosign2, Cosign3
from conformance.protobuf import field
from conformance.signing_request import signing_request
from stack import Program, free_port, run, wait_for
from tls import SERVICES

REGISTRY = ["--allow-insecure-registry"]
V2 = "dev.sigstore.fulcio.v2.CA"
V1BETA = "dev.sigstore.fulcio.v1beta.CA"


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_cosign_signs_and_verifies(version, tls_stack, authority, image, work):
    cosign = version(tls_stack, work)
    trusted = {"SSL_CERT_FILE": str(authority.pem)}
    cosign("sign", *REGISTRY, *cosign.signing(), image, env=trusted)
    cosign("verify", *REGISTRY, *cosign.trust(), *cosign.identity(), image, env=trusted)
    told = cosign("sign", *REGISTRY, *cosign.signing(), image, ok=False)
    assert "certificate" in told.stderr, "the authority is not trusted without being named"


def test_search_trusts_the_named_authority(tls_stack, authority):
    search = [tls_stack.binary, "log", "search", "--url", tls_stack.urls["log"], "--kind", "hashedrekord", "--count"]
    assert run([*search, "--tls-ca", authority.pem], ok=None).stdout.strip().isdigit()
    assert "was not reached" in run(search, ok=False).stderr


def test_import_trusts_the_named_authority(tls_stack, authority, work):
    """A shard of a Rekor under one's own authority, into a file."""
    tree = json.loads(tls_stack.get("log", "/api/v1/log"))["treeID"]
    save = [tls_stack.binary, "log", "import", "--from", tls_stack.urls["log"], "--tree-id", tree, "--save"]
    assert f"shard {tree}" in run([*save, work / "shard.jsonl", "--tls-ca", authority.pem]).stdout
    assert len((work / "shard.jsonl").read_text().splitlines()) > 1
    refused = run([*save, work / "no.jsonl"], ok=False).stderr
    assert "certificate" in refused and "asking again" not in refused, "it is no other server in a moment"


def channel(stack, service, authority=None):
    address = urlsplit(stack.urls[service]).netloc
    if not authority:
        return grpc.insecure_channel(address)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.pem.read_bytes()))


@pytest.mark.parametrize("how", ["TLS", "cleartext"])
@pytest.mark.parametrize("service, names", [("ca", [V2, V1BETA]), ("log", ["dev.sigstore.rekor.v2.Rekor"])])
def test_grpc_health_and_reflection(how, service, names, request, authority):
    stack = request.getfixturevalue("tls_stack" if how == "TLS" else "up_stack")
    with channel(stack, service, authority if how == "TLS" else None) as calls:
        assert calls.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20) == b"\x08\x01"
        for version in ["v1", "v1alpha"]:
            path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
            ask = lambda message: next(calls.stream_stream(path)(iter([message]), timeout=20))
            listed = ask(field(7, b"*"))
            others = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"]
            for name in names + others:
                assert name.encode() in listed
                assert name.rsplit(".", 1)[1].encode() in ask(field(4, name.encode())), "its file"
            assert (V2.encode() in listed) == (service == "ca"), "only what is served here"


def test_fulcio_v1beta_over_grpc(tls_stack, authority):
    with channel(tls_stack, "ca", authority) as calls:
        chain = calls.unary_unary(f"/{V1BETA}/GetRootCertificate")(b"", timeout=20)
        assert b"application/pem-certificate-chain" in chain
        assert chain.count(b"BEGIN CERTIFICATE") == tls_stack.get("ca", "/api/v1/rootCert").count(b"BEGIN CERTIFICATE")
        with pytest.raises(grpc.RpcError) as refusal:
            calls.unary_unary(f"/{V1BETA}/CreateSigningCertificate")(b"", timeout=20)
        assert refusal.value.code().name == "INVALID_ARGUMENT" and "public key" in refusal.value.details()


def s_client(stack, service, authority, *flags, ok=True):
    address = urlsplit(stack.urls[service]).netloc
    command = ["openssl", "s_client", "-connect", address, "-CAfile", authority.pem, "-verify_return_error", *flags]
    return run(command, ok=ok, stdin=-3).stdout


def test_protocols(tls_stack, authority):
    for service in SERVICES:
        for protocol in ["h2", "http/1.1"]:
            assert f"ALPN protocol: {protocol}" in s_client(tls_stack, service, authority, "-alpn", protocol)
    assert "TLSv1.2" in s_client(tls_stack, "ca", authority, "-tls1_2")
    s_client(tls_stack, "ca", authority, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", ok=False)
    s_client(tls_stack, "ca", authority, "-alpn", "ftp", ok=False)


def test_ct_log_lets_in_the_ca_alone(tls_stack, authority):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        tls_stack.get("ct", "/ct/v1/get-sth")
    assert refusal.value.code == 401


def test_the_ca_shows_the_ct_log_the_certificate_of_now(binary, tls_stack, authority, tmp_path):
    """The CT log lets in spiffe://test/ca alone."""
    certificate, key = authority.client("renewed", "spiffe://test/another")
    address = f"127.0.0.1:{free_port()}"
    settings = [f"ca.ct_client_certificate={certificate}", f"ca.ct_client_key=file:{key}", f"ca.listen={address}", "admin.listen=127.0.0.1:0"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([binary, "ca", "--config", tls_stack.document("sigstead.toml"), *flags], tmp_path / "ca")
    wait_for(lambda: "https://" in program.output(), "the CA")

    def certifies():
        body, headers = signing_request(tls_stack)
        headers = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        return curl(authority, *headers, "-d", json.dumps(body), f"https://{address}/api/v2/signingCert")[1]

    try:
        assert certifies() == "500"
        authority.client("renewed", "spiffe://test/ca")
        wait_for(lambda: certifies() == "200", "the new certificate")
        key.write_text("not a key")
        wait_for(lambda: "the old one stays" in program.output(), "a line in the log")
        assert certifies() == "200"
    finally:
        assert program.stop() == 0


# --- The timestamp authority, by client certificate


@pytest.fixture(scope="module")
def closed_tsa(binary, tls_stack, authority, tmp_path_factory):
    """URL of a TSA for *.build.test and spiffe://test/build/…, and of its open port."""
    address, plain = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = {
        "admin.listen": "127.0.0.1:0",
        "tsa.listen": address,
        "tsa.tls.client_auth": "required",
        "tsa.tls.client_ca": authority.pem,
        "tsa.tls.allowed_clients": '["*.build.test", "spiffe://test/build/*"]',
        "tsa.tls.open_listen": plain,
    }
    flags = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    log = tmp_path_factory.mktemp("closed") / "tsa.log"
    program = Program([binary, "--log-level", "info", "tsa", "--config", tls_stack.document("sigstead.toml"), *flags], log)
    wait_for(lambda: "https://" in program.output(), "the TSA")
    yield f"https://{address}", f"http://{plain}", program
    program.stop()


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_cosign_shows_its_certificate_to_the_tsa(version, closed_tsa, tls_stack, authority, image, work):
    cosign = version(tls_stack, work)
    url = f"{closed_tsa[0]}/api/v1/timestamp"
    newer = {Cosign3: ["--use-signing-config=false", "--new-bundle-format=false"], Cosign2: []}[version]
    cosign("generate-key-pair")
    sign = ["sign", *REGISTRY, *newer, "--tlog-upload=false", "--key", "cosign.key", "--timestamp-server-url", url]
    sign += ["--timestamp-client-cacert", authority.pem, "--timestamp-server-name", "tsa.test"]

    def shown(name, *names):
        certificate, key = authority.client(name, *names)
        return ["--timestamp-client-cert", certificate, "--timestamp-client-key", key]

    cosign(*sign, image, ok=False)
    cosign(*sign, *shown("outsider", "mallory.test", "spiffe://test/builder"), image, ok=False)
    cosign(*sign, *shown("builder", "a.build.test"), image)
    verify = ["verify", *REGISTRY, *newer[1:], "--key", "cosign.pub", "--insecure-ignore-tlog", "--use-signed-timestamps"]
    chain = tls_stack.document("tsa.certchain.pem")
    cosign(*verify, "--timestamp-certificate-chain", chain, image, env={"SIGSTORE_TSA_CERTIFICATE_FILE": str(chain)})


def curl(authority, *arguments):
    command = ["curl", "-sS", "--cacert", authority.pem, "-w", "\n%{http_code}", *arguments]
    return run(command, ok=None).stdout.rsplit("\n", 1)


def test_who_shows_no_certificate_is_refused(closed_tsa, authority):
    url, plain, program = closed_tsa
    chain = f"{url}/api/v1/timestamp/certchain"
    body, status = curl(authority, chain)
    assert (status, body) == ("401", '{"code":401,"message":"a client certificate is required"}')
    for name, san, expected in [("outsider", "spiffe://test/builder", "403"), ("workload", "spiffe://test/build/7", "200")]:
        certificate, key = authority.client(name, san)
        assert curl(authority, "--cert", certificate, "--key", key, chain)[1] == expected
    wait_for(lambda: "a client was refused" in program.output(), "a line in the log")
    assert 'client=spiffe://test/builder' in program.output(), "and who it was"
    stranger = Authority(authority.folder, "stranger")
    certificate, key = stranger.client("foreign", "a.build.test")
    assert curl(authority, "--cert", certificate, "--key", key, chain)[1] == "000", "no handshake"
    assert curl(authority, f"{url}/ping") == [".", "200"]
    assert curl(authority, f"{plain}/ping") == [".", "200"]
    assert curl(authority, f"{plain}/api/v1/timestamp/certchain")[1] == "404"


def test_each_api_refuses_in_its_own_words(binary, tls_stack, authority, tmp_path):
    """The log with client certificates required; its metrics too, with health on an open port."""
    address, admin, plain = (f"127.0.0.1:{free_port()}" for _ in range(3))
    certificate, key = authority.issue("admin", "127.0.0.1")
    settings = [f"log.listen={address}", f"admin.listen={admin}", f"admin.tls.open_listen={plain}"]
    settings += [f"admin.tls.certificate={certificate}", f"admin.tls.key=file:{key}"]
    for section in ["log", "admin"]:
        settings += [f"{section}.tls.client_auth=required", f"{section}.tls.client_ca={authority.pem}"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([binary, "log", "--config", tls_stack.document("sigstead.toml"), *flags], tmp_path / "log")
    wait_for(lambda: "https://" in program.output(), "the log")
    told = "a client certificate is required"
    try:
        v1, status = curl(authority, f"https://{address}/api/v1/log")
        assert (status, json.loads(v1)) == ("401", {"code": 401, "message": told})
        for _ in range(10):
            v2, status = curl(authority, "-d", "{}", f"https://{address}/api/v2/log/entries")
            assert (status, json.loads(v2)) == ("401", {"code": 16, "message": told, "details": []})
        with grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.pem.read_bytes())) as calls:
            assert calls.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20) == b"\x08\x01"
            with pytest.raises(grpc.RpcError) as refusal:
                calls.unary_unary("/dev.sigstore.rekor.v2.Rekor/CreateEntry")(b"", timeout=20)
        assert (refusal.value.code().name, refusal.value.details()) == ("UNAUTHENTICATED", told)
        assert curl(authority, f"https://{admin}/metrics") == [f"{told}\n", "401"]
        assert curl(authority, f"https://{admin}/readyz")[1] == "200"
        assert [curl(authority, f"http://{plain}/{path}")[1] for path in ("readyz", "metrics")] == ["200", "404"]
        certificate, key = authority.client("scraper", "scraper.test")
        metrics, status = curl(authority, "--cert", certificate, "--key", key, f"https://{admin}/metrics")
        assert status == "200" and "sigstead_tls_clients_refused_total" in metrics
    finally:
        assert program.stop() == 0


def test_a_configuration_that_cannot_work_is_told(binary, tls_stack, authority):
    file = tls_stack.document("sigstead.toml")
    expired, _ = authority.issue("old", "127.0.0.1", ends=-DAY)
    for setting, told in [
        (f"tsa.tls.key=file:{authority.folder / 'ca.key'}", "does not belong to the certificate"),
        (f"tsa.tls.certificate={expired}", "expired at"),
        (f"tsa.tls.certificate={authority.folder / 'tsa.key'}", "but a private key"),
        (f"tsa.tls.key=file:{authority.folder / 'tsa.pem'}", "but certificates"),
        ("tsa.tls.client_auth=required", "tsa.tls.client_ca is missing"),
        ("tsa.tls.certificate=nowhere.pem", "nowhere.pem"),
    ]:
        assert told in run([binary, "tsa", "--config", file, "--set", setting], ok=False).stderr
        assert told in run([binary, "config", "check", "--config", file, "--set", setting], ok=False).stdout


# --- New certificates while requests come in


class Load(threading.Thread):
    """Asks over new connections until it is told to stop."""

    def __init__(self, url, authority):
        super().__init__()
        self.url, self.cafile, self.stopped = url, authority.pem, threading.Event()
        self.answered, self.failed = 0, []

    def run(self):
        while not self.stopped.is_set():
            try:
                context = ssl.create_default_context(cafile=self.cafile)
                with urllib.request.urlopen(self.url, timeout=10, context=context) as answer:
                    self.answered += answer.status == 200
            except OSError as error:
                self.failed.append(error)


def test_a_new_certificate_is_served_and_a_bad_one_is_not(binary, tls_stack, authority, tmp_path):
    certificate, key = authority.issue("rotated", "127.0.0.1")
    address, admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = [f"tsa.listen={address}", f"tsa.tls.certificate={certificate}", f"tsa.tls.key=file:{key}", f"admin.listen={admin}"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([binary, "tsa", "--config", tls_stack.document("sigstead.toml"), *flags], tmp_path / "log")
    wait_for(lambda: "https://" in program.output(), "the TSA")
    host, port = address.split(":")
    served = lambda: ssl.get_server_certificate((host, int(port)))
    metrics = lambda: urllib.request.urlopen(f"http://{admin}/metrics", timeout=10).read().decode()
    load = [Load(f"https://{address}/ping", authority) for _ in range(4)]
    try:
        [thread.start() for thread in load]
        for _ in range(3):
            fresh, _ = authority.issue("rotated", "127.0.0.1")
            wait_for(lambda: served() == fresh.read_text(), "the new certificate")
        good = served()
        certificate.write_text("not a certificate")
        wait_for(lambda: 'outcome="refused"' in metrics(), "the refusal")
        assert served() == good
        wait_for(lambda: "the old ones stay" in program.output(), "a line in the log")
        assert "sigstead_tls_certificate_not_after_seconds" in metrics()
    finally:
        [thread.stopped.set() for thread in load]
        [thread.join() for thread in load]
        stopped = program.stop()
    assert stopped == 0 and not any(thread.failed for thread in load), load[0].failed
    assert all(thread.answered for thread in load)


def test_another_authority_of_clients_is_believed_once_its_file_changes(binary, tls_stack, authority, tmp_path):
    one, other = Authority(tmp_path, "one"), Authority(tmp_path, "other")
    shown = {who: who.client(f"client-of-{who.pem.stem}", "a.build.test") for who in (one, other)}
    believed, address = tmp_path / "believed.pem", f"127.0.0.1:{free_port()}"

    def believe(text):
        (tmp_path / "fresh.pem").write_text(text)
        (tmp_path / "fresh.pem").replace(believed)

    believe(one.pem.read_text())
    settings = [f"tsa.listen={address}", "admin.listen=127.0.0.1:0", "tsa.tls.client_auth=required", f"tsa.tls.client_ca={believed}"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([binary, "tsa", "--config", tls_stack.document("sigstead.toml"), *flags], tmp_path / "tsa.log")
    wait_for(lambda: "https://" in program.output(), "the TSA")

    def let_in():
        for certificate, key in (shown[one], shown[other]):
            yield curl(authority, "--cert", certificate, "--key", key, f"https://{address}/api/v1/timestamp/certchain")[1] == "200"

    try:
        assert list(let_in()) == [True, False]
        believe(one.pem.read_text() + other.pem.read_text())
        wait_for(lambda: list(let_in()) == [True, True], "both")
        believe(other.pem.read_text())
        wait_for(lambda: list(let_in()) == [False, True], "the other alone")
        believe("nobody")
        wait_for(lambda: "the old ones stay" in program.output(), "a line in the log")
        assert list(let_in()) == [False, True]
    finally:
        assert program.stop() == 0


def test_silent_connections_hold_up_nobody(tls_stack):
    host, port = urlsplit(tls_stack.urls["tsa"]).netloc.split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(600)]
    try:
        begin = time.monotonic()
        assert tls_stack.get("tsa", "/ping") == b"."
        assert time.monotonic() - begin < 5, "before the silent ones are given up"
    finally:
        [connection.close() for connection in silent]
