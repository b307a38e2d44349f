"""Tokens of a cluster's pods, whose API server gives its keys to service accounts only, under the cluster's own authority."""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates import Authority
from clients.cosign import Cosign3
from stack import Stack

SUBJECT = "system:serviceaccount:build:pipeline"
NAME = "https://kubernetes.io/namespaces/build/serviceaccounts/pipeline"


class ApiServer:
    """Discovery as Kubernetes' API server has it; `shown` is what it was shown, `expects` what it takes."""

    def __init__(self, authority):
        self.key, self.expects, self.shown = rsa.generate_private_key(65537, 2048), "first", []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                token = self.headers.get("Authorization")
                outer.shown.append(token)
                document = outer.documents().get(self.path) if token == f"Bearer {outer.expects}" else None
                body = json.dumps(document).encode()
                self.send_response(200 if document else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("kubernetes", "127.0.0.1", "localhost"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        self.keys = f"{self.url}/openid/v1/jwks"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def documents(self):
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": self.keys},
            "/openid/v1/jwks": {"keys": [{**public, "alg": "RS256", "use": "sig"}]},
        }

    def mount(self, account, authority):
        (account / "ca.crt").write_bytes(authority.pem.read_bytes())
        (account / "token").write_text(f"{self.expects}\n")

    def token(self):
        """What it projects into a pod."""
        names = {"namespace": "build", "serviceaccount": {"name": "pipeline"}, "pod": {"name": "build-1"}}
        claims = {"iss": self.url, "sub": SUBJECT, "aud": ["sigstore"], "kubernetes.io": names}
        return jwt.encode({**claims, "exp": int(time.time()) + 600}, self.key, algorithm="RS256")


@pytest.fixture
def cluster(binary, tmp_path, monkeypatch):
    """The API server, and a stack in a pod of its cluster."""
    authority, account = Authority(tmp_path), tmp_path / "serviceaccount"
    account.mkdir()
    with ApiServer(authority) as api:
        issuers = tmp_path / "issuers.yaml"
        entry = f"issuer-url: {api.url}, client-id: sigstore, type: kubernetes, service-account: {account}"
        issuers.write_text(f'oidc-issuers: {{"{api.url}": {{{entry}}}}}\n')
        monkeypatch.setenv("SIGSTEAD_CA__ISSUERS", str(issuers))
        (account / "token").write_text("of yesterday\n")
        with Stack.up(binary, tmp_path / "data") as stack:
            yield api, stack, account, authority


def signing(api, cosign, blob):
    token = cosign.work / "pod"
    token.write_text(api.token())
    return ["sign-blob", "--identity-token", token, *cosign.services(), "--bundle", "bundle.json", blob]


def test_the_service_accounts_files_are_used_as_they_are_now(cluster, blob, work):
    api, stack, account, authority = cluster
    cosign = Cosign3(stack, work)
    sign = signing(api, cosign, blob)
    cosign(*sign, ok=False)
    assert api.shown == [], "it is not trusted before the cluster's authority is there"

    api.mount(account, authority)
    # The authority does not ask more often.
    time.sleep(11)
    cosign(*sign)
    assert api.shown == ["Bearer first"] * 2, "metadata and keys"
    cosign("verify-blob", *cosign.trust(), *cosign.identity(NAME, api.url), "--bundle", "bundle.json", blob)


def test_no_other_host_sees_the_token(cluster, blob, work):
    api, stack, account, authority = cluster
    api.mount(account, authority)
    api.keys = api.keys.replace("127.0.0.1", "localhost")
    cosign = Cosign3(stack, work)
    cosign(*signing(api, cosign, blob), ok=False)
    assert api.shown == ["Bearer first", None]
