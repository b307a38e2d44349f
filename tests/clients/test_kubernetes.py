"""Tokens of pods, by docs/operations/kubernetes-identities.md: of a cluster that publishes its keys, and of one whose API server gives
them to service accounts only, under the cluster's own authority.
"""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from certificates import Authority
from clients.cosign import Cosign3
from conftest import CLIENTS
from page import Page, Reader, mean
from stack import Stack

PAGE = Page("kubernetes-identities.md")
EKS = "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
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
        places = {"https://kubernetes.default.svc.cluster.local": api.url, "/var/run/secrets/kubernetes.io/serviceaccount": account}
        issuers.write_text(mean(PAGE.fragment("service-account:"), places))
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


def test_a_cluster_that_publishes_its_keys(binary, up_stack, blob, work, tmp_path, monkeypatch):
    """With the page's issuers and policy, the pod's token as its volume has it, and what the page verifies with."""
    issuer = f"{up_stack.issuer}/kubernetes"
    issuers = yaml.safe_load(mean(PAGE.fragment("issuer-url: https://oidc.eks"), {EKS: issuer})) | yaml.safe_load(PAGE.fragment("meta-issuers"))
    (tmp_path / "issuers.yaml").write_text(yaml.safe_dump(issuers))
    (tmp_path / "policy.toml").write_text(mean(PAGE.fragment("[[rule]]"), {EKS: issuer}))
    monkeypatch.setenv("SIGSTEAD_CA__ISSUERS", str(tmp_path / "issuers.yaml"))
    monkeypatch.setenv("SIGSTEAD_CA__POLICY", str(tmp_path / "policy.toml"))
    pod = yaml.safe_load(PAGE.fragment("serviceAccountToken"))
    (projected,) = [source["serviceAccountToken"] for source in pod["volumes"][0]["projected"]["sources"]]
    mounted = f"{pod['containers'][0]['volumeMounts'][0]['mountPath']}/{projected['path']}"
    assert Page("ci-systems.md").told("oidc-token") == mounted, "where cosign looks"
    with Stack.up(binary, tmp_path / "data") as stack:
        reader = Reader(binary, stack.data, path=[CLIENTS], SIGSTEAD_CA__ISSUERS=str(tmp_path / "issuers.yaml"))
        reader(PAGE.command("sigstead config check"))
        cosign = Cosign3(stack, work)

        def signs(account, audience=projected["audience"], ok=True):
            names = {"namespace": "build", "serviceaccount": {"name": account}, "pod": {"name": "p"}}
            claims = ["--sub", f"system:serviceaccount:build:{account}", "--claim", f"kubernetes.io={json.dumps(names)}"]
            token = work / "token"
            token.write_text(up_stack.token("--issuer-type", "kubernetes", "--audience", audience, *claims))
            bundle = ["--bundle", stack.data / "signed.sigstore.json"]
            return cosign("sign-blob", "--identity-token", token, *cosign.services(), *bundle, blob, ok=ok)

        signs("pipeline", audience="sts.amazonaws.com", ok=False)
        assert "403" in signs("somebody", ok=False).stderr
        signs(pod["serviceAccountName"])
        shown = json.loads(reader(PAGE.command("sigstead ca audit")))
        assert (shown["san"], shown["issuer"]) == (NAME, issuer)
        reader(PAGE.script("cosign verify-blob"), {EKS: issuer, "artifact": blob})
