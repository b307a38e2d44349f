"""Alerts and dashboard: promtool's verdict, and whether a running sigstead exports what they ask for."""

import base64
import hashlib
import http.server
import json
import re
import threading
import urllib.request

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from certificates import Authority
from clients.test_time_servers import chrony
from deploy.deployed import DEPLOY, ROOT, SERVICES, Deployment, image
from faults.load import attestation_v2, entry_v2
from page import Page, Reader
from stack import run, wait_for

PAGE = Page("alerts.md")
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "sigstead.json"
# Only a scraper makes it.
BY_PROMETHEUS = {"up"}


def rules():
    return yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def dashboard_queries():
    """Every query, with Grafana's variables filled in."""
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [query.replace("$__rate_interval", "5m").replace("$job", ".+").replace("$instance", ".+") for query in queries]


def metrics_in(query):
    """The names of metrics: words that are no function, no label and no text."""
    bare = re.sub(r"\b(?:by|on|without|unless on) ?\([^)]*\)", "", re.sub(r'"[^"]*"', "", query))
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    return set(re.findall(r"\b[a-z][a-z_0-9]*\b(?! *\()", bare)) - {"by", "le", "on", "or", "and", "unless"}


def test_promtool_takes_the_alerts_and_the_queries(tmp_path):
    run(["promtool", "check", "rules", ALERTS])
    run(["promtool", "test", "rules", ROOT / "tests/deploy/alerts_test.yaml"])
    recorded = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(dashboard_queries())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    run(["promtool", "check", "rules", file])


def test_every_alert_is_tested_and_has_its_runbook():
    tested = yaml.safe_load((ROOT / "tests/deploy/alerts_test.yaml").read_text())["tests"]
    fired = {test["alertname"] for group in tested for test in group["alert_rule_test"] if test["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules()}
    sections = set()
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor == rule["alert"].lower()
        assert ROOT / page == PAGE.file
        (section,) = re.findall(rf"^## {rule['alert']}\n(.*?)(?=^## |\Z)", PAGE.text, re.M | re.S)
        assert "**Done when**" in section
        sections.add(rule["alert"])
    assert set(re.findall(r"^## (\w+)$", PAGE.text, re.M)) == sections


def test_the_dashboard_can_be_read():
    dashboard = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) and dashboard["uid"] == "sigstead"
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"], panel
        for target in [panel, *panel["targets"]]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def not_read(written, read, at="dashboard"):
    """What of a document is not in what was read of it."""
    if isinstance(written, dict) and isinstance(read, dict):
        return [lost for key, value in written.items() for lost in not_read(value, read.get(key), f"{at}.{key}")]
    if isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        return [lost for number, pair in enumerate(zip(written, read)) for lost in not_read(*pair, f"{at}[{number}]")]
    return [] if written == read else [at]


def test_grafanas_own_model_has_a_place_for_all_of_the_dashboard():
    written = json.loads(DASHBOARD.read_text())
    register_default_plugins()
    model = lambda document: json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))
    assert not_read(written, model(written)) == []
    misspelt = json.loads(DASHBOARD.read_text().replace('"legendFormat"', '"legend"'))
    assert not_read(misspelt, model(misspelt))[0] == "dashboard.panels[1].targets[0].legend"


class Refusing(http.server.BaseHTTPRequestHandler):
    """A webhook and a witness that want nothing."""

    def do_POST(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def witness_key(name):
    """A key as C2SP policies write it, of a witness that nobody runs."""
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    key = b"\x04" + raw
    key_id = hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(key).decode()}"


def settings_that_watch_more(host, folder, refusing, chrony):
    """What most deployments leave out: TLS, time servers, witnesses, a webhook."""
    (host.data / "policy").write_text(f"witness one {witness_key('one.example')} {refusing}\nquorum one\n")
    authority = Authority(folder)
    certificate, key = authority.issue("trust", "127.0.0.1")
    return {
        "ca": {"SIGSTEAD_CA__CT_URL": host.urls["ct"]},
        "tsa": {"SIGSTEAD_TSA__NTP_SERVERS": json.dumps([chrony])},
        "log": {
            "SIGSTEAD_LOG__EVENTS_URL": refusing,
            "SIGSTEAD_LOG_V2__WITNESS_POLICY": "policy",
            "SIGSTEAD_LOG_V2__DSSE": "true",
        },
        # Beside the one that clients follow.
        "trust-tls": {
            "SIGSTEAD_TRUST__TLS__CERTIFICATE": str(certificate),
            "SIGSTEAD_TRUST__TLS__KEY": f"file:{key}",
            "SIGSTEAD_TRUST__TLS__CLIENT_CA": str(authority.pem),
            "SIGSTEAD_TRUST__TLS__CLIENT_AUTH": "required",
        },
    }


def test_everything_that_is_asked_for_is_exported(binary, tmp_path, postgres, up_stack, work, refusing, chrony):
    built = image()
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        host.init(postgres.new_database())
        more = settings_that_watch_more(host, tmp_path, refusing, chrony)
        names = [*SERVICES, "trust-tls"]
        for name in names:
            service = name.removesuffix("-tls")
            keys = {file.name: file for file in (host.data / "keys").iterdir()}
            folders = {"/etc/sigstead": host.etc(name, keys), "/var/lib/sigstead": host.folder / "guard"}
            settings = {**built["environment"], **more.get(name, {})}
            host.start(service, ["/usr/bin/sigstead", service], settings, folders, built["health"], name=name)
        host.sign_and_verify(work)
        for entry in (entry_v2(b"monitored"), attestation_v2(b"monitored")):
            headers, url = {"Content-Type": "application/json"}, f"{host.urls['log']}/api/v2/log/entries"
            urllib.request.urlopen(urllib.request.Request(url, json.dumps(entry).encode(), headers), timeout=10)
        # A client without a certificate, and one that does not speak TLS.
        run(["curl", "-sk", "--fail", f"https://127.0.0.1:{host.ports['trust-tls']}/trusted_root.json"], ok=False)
        run(["curl", "-s", "--fail", f"http://127.0.0.1:{host.ports['trust-tls']}/trusted_root.json"], ok=False)

        reader = Reader(binary, host.data)
        for told, command in (("everything agrees", "sigstead log audit"), ("", "sigstead ca list"), ("", "sigstead config check")):
            assert told in reader(PAGE.command(command))
        admin = {"SIGSTEAD_ADMIN__LISTEN": f"127.0.0.1:{host.ports['tsa-admin']}"}
        wait_for(lambda: PAGE.told("READY") in reader(PAGE.command("sigstead health"), ok=None, env=admin), "health")

        queries = [*dashboard_queries(), *(rule["expr"] for rule in rules())]
        asked = {name for query in queries for name in metrics_in(query)} - BY_PROMETHEUS
        assert len(asked) > 20

        everything = lambda: "".join(host.get(f"{name}-admin", "/metrics") for name in names)
        missing = lambda: asked - set(re.findall(r"^([a-z_0-9]+)", everything(), re.M))
        wait_for(lambda: not missing(), f"{missing()}")
        # The labels that queries choose by are the ones that there are.
        exported = everything()
        for query in queries:
            for label, value in re.findall(r'\b(\w+)!?="([^"]*)"', query):
                assert label == "job" or f'{label}="' in exported, (label, query)
                assert label in ("job", "code") or f'{label}="{value}"' in exported, (label, value)
            for role in re.findall(r'role=~"([^"]*)"', query):
                assert all(f'role="{name}"' in exported for name in role.split("|")), role
