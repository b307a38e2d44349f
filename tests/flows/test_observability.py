"""What operators see: ids of requests, logs without secrets, the originals' metrics."""

import json
import re
import urllib.request
from types import SimpleNamespace

from clients.cosign import Cosign2, Cosign3
from clients.test_openssl_ts import stamp
from clients.test_pkcs11 import PIN, hsm, token  # noqa: F401
from clients.test_rekor_cli import RekorCli
from clients.test_rekor_v2 import Cosign as RekorV2Cosign
from stack import Program, Stack, free_port, run, wait_for

PASSWORD = "correct-horse-battery-staple"
WEBHOOK_TOKEN = "webhook-token-0123456789"


def key_lines(folder):
    """Every line of every private key, without the armor."""
    keys = [file.read_text() for file in folder.rglob("*.key")]
    assert keys
    return [line for key in keys for line in key.splitlines() if line and not line.startswith("-----")]


def colorless(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_logs_hold_no_secrets_and_the_ids_of_requests(binary, tmp_path, postgres, monkeypatch, blob, work):
    postgres.sql(f"CREATE ROLE leaky LOGIN PASSWORD '{PASSWORD}'")
    name = postgres.new_database().rsplit("/", 1)[1]
    postgres.sql(f"ALTER DATABASE {name} OWNER TO leaky")
    monkeypatch.setenv("SIGSTEAD_LOG_LEVEL", "trace")
    monkeypatch.setenv("SIGSTEAD_LOG__EVENTS_URL", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.setenv("SIGSTEAD_LOG__EVENTS_TOKEN", "env:WEBHOOK_TOKEN")
    monkeypatch.setenv("WEBHOOK_TOKEN", WEBHOOK_TOKEN)
    database = f"postgres://leaky:{PASSWORD}@127.0.0.1:{postgres.port}/{name}"
    with Stack.up(binary, tmp_path / "data", database) as stack:
        tokens = []
        for cosign in (Cosign3(stack, work), Cosign2(stack, work)):
            token_file = cosign.token_file()
            tokens.append(token_file.read_text().strip())
            files = ["--bundle", work / "b.json"] if type(cosign) is Cosign3 else ["--output-signature", work / "s"]
            cosign("sign-blob", *cosign.signing(), *files, blob)
        tokens.append(stack.token().strip())
        for where in ({"Authorization": f"Bearer {tokens[-1]}"}, {}):
            body = json.dumps({} if where else {"credentials": {"oidcIdentityToken": tokens[-1]}}).encode()
            request = urllib.request.Request(stack.service_url("ca") + "api/v2/signingCert", body, where)
            try:
                urllib.request.urlopen(request, timeout=10)
            except urllib.error.HTTPError as error:
                assert error.code == 400
        request = urllib.request.Request(stack.service_url("log") + "api/v1/log", headers={"X-Request-Id": "mine-42"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.headers["X-Request-Id"] == "mine-42"
        request = urllib.request.Request(stack.service_url("log") + "api/v1/log", headers={"X-Request-Id": "not mine\tat all"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert "mine" not in answer.headers["X-Request-Id"]
        program, folder = stack.programs[0], stack.data
    text = program.output()
    assert " TRACE " in colorless(text) and " DEBUG " in colorless(text)
    assert 'request{id="mine-42" method=GET path="/api/v1/log"' in colorless(text)
    signatures = [token.rsplit(".", 1)[1] for token in tokens]
    for secret in [PASSWORD, WEBHOOK_TOKEN, *signatures, *key_lines(folder)]:
        found = next((line for line in text.splitlines() if secret in line), None)
        assert found is None, f"{secret[:8]}… is in the logs: {found}"


def test_a_pin_is_in_no_log(hsm, binary, blob, work):  # noqa: F811
    data, _ = hsm
    address = f"127.0.0.1:{free_port()}"
    settings = ["--log-level", "trace", "--log-format", "json", "--set", f"tsa.listen={address}", "--set", "admin.listen=127.0.0.1:0"]
    program = Program([binary, "tsa", "--config", data / "hsm.toml", *settings], work / "tsa.log")
    wait_for(lambda: " listens on " in program.output(), "the authority")
    query = work / "query"
    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-out", query])
    assert stamp(SimpleNamespace(urls={"tsa": f"http://{address}/api/v1/timestamp"}), query)
    assert program.stop() == 0
    lines = [line for line in program.output().splitlines() if " listens on " not in line]
    assert "SIGTERM: finishing open requests" in [json.loads(line)["fields"]["message"] for line in lines]
    assert PIN not in program.output()


def test_dashboards_of_the_originals_find_their_metrics(up_stack, blob, work):
    for cosign in (Cosign3(up_stack, work), RekorV2Cosign(up_stack, work)):
        cosign("sign-blob", *cosign.signing(), "--bundle", work / "bundle.json", blob)
    RekorCli(up_stack, work)("loginfo")
    for service, path in [("tsa", "/api/v1/timestamp/certchain"), ("log", "/api/v2/checkpoint"), ("ca", "/api/v2/trustBundle")]:
        up_stack.get(service, path)
    metrics = up_stack.get("admin", "/metrics").decode()
    for name in [
        "fulcio_new_certs", "fulcio_api_latency_count", "http_requests_total", "fulcio_build_info",
        "rekor_new_entries", "rekor_api_latency_count", "rekor_latency_by_api_bucket", "rekor_qps_by_api", "rekor_build_info",
        "rekor_v2_new_hashedrekord_entries", "rekor_v2_http_api_latency_count", "rekor_v2_http_requests_total",
        "timestamp_authority_api_latency_count", "timestamp_authority_latency_by_api_bucket",
        "timestamp_authority_http_requests_total", "timestamp_authority_certificate_valid_days_remaining",
        "timestamp_authority_build_info", "sigstead_build_info",
    ]:
        assert f"\n{name}" in metrics, name
    assert 'rekor_qps_by_api{path="/api/v1/log",method="GET",code="200"}' in metrics
    assert 'timestamp_authority_http_requests_total{path="/api/v1/timestamp/certchain",method="GET",code="200"}' in metrics
    counts = [line for line in metrics.splitlines() if line.startswith("rekor_latency_by_api_bucket")]
    assert any('le="1000000000"' in line and not line.endswith(" 0") for line in counts), "in nanoseconds"
