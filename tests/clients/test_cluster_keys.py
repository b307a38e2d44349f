"""cosign's key pairs in a cluster's Secrets, `k8s://NAMESPACE/NAME`: what it signs with them is logged here as by any key."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from clients.cosign import Cosign2, Cosign3
from conformance.protobuf import parse

REGISTRY = ["--allow-insecure-registry"]


class Secrets(BaseHTTPRequestHandler):
    """As much of Kubernetes' API as cosign asks for, in the protobuf that it prefers."""

    def do_GET(self):
        if self.path == "/version":
            version = {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
            return self.answer(200, json.dumps(version).encode(), "application/json")
        if secret := self.server.held.get(self.path):
            return self.answer(200, secret)
        missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        self.answer(404, json.dumps(missing).encode(), "application/json")

    def do_POST(self):
        secret = self.rfile.read(int(self.headers["Content-Length"]))
        # An envelope around the object, whose first field is its metadata, whose first field is its name.
        (envelope,) = parse(secret.removeprefix(b"k8s\0"))[2]
        (metadata,) = parse(envelope)[1]
        self.server.held[f"{self.path}/{parse(metadata)[1][0].decode()}"] = secret
        self.answer(201, secret)

    def answer(self, status, body, kind="application/vnd.kubernetes.protobuf"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def cluster(tmp_path):
    """The environment of somebody who may read and write its Secrets."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Secrets)
    server.held = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = tmp_path / "kubeconfig"
    one = {
        "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "it", "user": "me"}}],
    }
    config.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "here", **one}))
    yield {"KUBECONFIG": str(config)}
    server.shutdown()


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_a_key_pair_in_a_secret(version, cluster, up_stack, image, work):
    cosign, key = version(up_stack, work), ["--key", "k8s://build/signing"]
    cosign("sign", *REGISTRY, *key, *cosign.services(), image, env=cluster, ok=False)
    cosign("generate-key-pair", "k8s://build/signing", env=cluster)
    cosign("sign", *REGISTRY, *key, *cosign.services(), image, env=cluster)
    cosign("verify", *REGISTRY, *key, *cosign.trust(), image, env=cluster)
    cosign("verify", *REGISTRY, "--key", "cosign.pub", *cosign.trust(), image)
    cosign("generate-key-pair", "k8s://build/other", env=cluster)
    cosign("verify", *REGISTRY, "--key", "k8s://build/other", *cosign.trust(), image, env=cluster, ok=False)
