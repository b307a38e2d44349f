"""A webhook that is told of every new entry, also of those that came while it was away."""

import base64
import http.server
import json
import ssl
import threading

import pytest

from certificates import Authority
from clients.cosign import EMAIL, Cosign3
from stack import Program, Stack, free_port, wait_for


class Webhook:
    """Refuses until it is told to accept; over TLS if it has a certificate and its key."""

    def __init__(self, identity=None):
        self.accepts, self.refused, self.events = False, 0, []
        webhook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if webhook.accepts:
                    webhook.events.append((self.headers["Content-Type"], self.headers["Authorization"], json.loads(body)))
                else:
                    webhook.refused += 1
                self.send_response(204 if webhook.accepts else 500)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if identity:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*identity)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if identity else ''}://127.0.0.1:{self.server.server_address[1]}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def webhook():
    webhook = Webhook()
    yield webhook
    webhook.server.shutdown()


@pytest.fixture
def log(binary, tmp_path, webhook):
    """The log beside an `up` on the same database, with a webhook; restarted at will."""
    (tmp_path / "token").write_text("a secret\n")
    with Stack.up(binary, tmp_path / "data") as stack:
        address = f"127.0.0.1:{free_port()}"
        settings = {"log.listen": address, "log.events_url": webhook.url, "log.events_token": f"file:{tmp_path}/token"}
        settings["admin.listen"] = f"127.0.0.1:{free_port()}"

        def start(**events):
            changed = {**settings, **{f"log.events_{key}": value for key, value in events.items()}}
            flags = [flag for key, value in changed.items() for flag in ("--set", f"{key}={value}")]
            program = Program([binary, "log", "--config", stack.document("sigstead.toml"), *flags], tmp_path / "log")
            wait_for(lambda: "listens on" in program.output(), "the log")
            return program

        yield stack, start


def test_a_webhook_is_told_of_every_entry_in_order_also_after_a_restart(log, webhook, blob, work):
    stack, start = log
    cosign = Cosign3(stack, work)
    program = start()
    for name in ("first", "second"):
        blob.write_text(name)
        cosign("sign-blob", *cosign.signing(), "--bundle", work / f"{name}.json", blob)
    wait_for(lambda: webhook.refused > 0, "a first try")
    program.stop()
    webhook.accepts = True
    program = start()
    wait_for(lambda: len(webhook.events) >= 2, "the events")
    cosign("generate-key-pair")
    cosign("sign-blob", "--key", "cosign.key", *cosign.services(), "--bundle", work / "third.json", blob)
    wait_for(lambda: len({event["id"] for _, _, event in webhook.events}) == 3, "the third event")
    program.stop()

    told = {}
    for media_type, authorization, event in webhook.events:
        assert (media_type, authorization) == ("application/cloudevents+json", "Bearer a secret")
        told.setdefault(event["data"]["logIndex"], event)
    for name, (index, event) in zip(("first", "second", "third"), sorted(told.items(), key=lambda item: int(item[0]))):
        logged = json.loads((work / f"{name}.json").read_text())["verificationMaterial"]["tlogEntries"][0]
        assert (index, event["data"]["canonicalizedBody"]) == (logged["logIndex"], logged["canonicalizedBody"])
        assert event["data"]["logId"] == logged["logId"]
        assert event["data"]["inclusionPromise"]["signedEntryTimestamp"]
        assert event["specversion"] == "1.0" and event["type"] == "dev.sigstore.rekor.events.v1.NewEntry"
        assert event["source"] == "/createLogEntry" and event["rekor_entry_kind"] == "hashedrekord"
        assert event["rekor_signing_subjects"] == ("" if name == "third" else EMAIL)
        assert json.loads(base64.b64decode(event["data"]["canonicalizedBody"]))["kind"] == "hashedrekord"
        entry = json.loads(stack.get("log", f"/api/v1/log/entries/{event['id']}"))
        assert list(entry) == [event["id"]]


def test_a_webhook_is_believed_by_the_authority_of_now(log, tmp_path, blob, work):
    stack, start = log
    authority, stranger = (Authority(tmp_path, name) for name in ("ours", "stranger"))
    webhook, file = Webhook(authority.issue("webhook", "127.0.0.1")), tmp_path / "events-ca.pem"
    webhook.accepts = True
    file.write_bytes(stranger.pem.read_bytes())
    program = start(url=webhook.url, ca=file)
    cosign = Cosign3(stack, work)
    cosign("sign-blob", *cosign.signing(), "--bundle", work / "bundle.json", blob)
    wait_for(lambda: "events are delivered later" in program.output(), "the first try")
    assert not webhook.events
    file.write_bytes(authority.pem.read_bytes())
    wait_for(lambda: webhook.events, "the event")
    program.stop()
    webhook.server.shutdown()
