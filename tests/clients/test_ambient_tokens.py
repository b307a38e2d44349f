"""Where cosign finds a job's token by itself, as docs/operations/ci-systems.md says: GitHub's endpoint, and SPIRE's agent."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import grpc
import pytest

from clients.cosign import Cosign2, Cosign3
from clients.test_identities import names
from conformance.protobuf import field
from page import Page

PAGE = Page("ci-systems.md")
PIPELINE = "spiffe://sigstead.local/ns/screwdriver/sa/pipeline-7"


@pytest.fixture
def github(up_stack):
    """What a runner of GitHub's tells a job that may have tokens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            if self.headers["Authorization"] != "bearer of-the-job":
                return self.send_error(401)
            body = json.dumps({"value": up_stack.token("--issuer-type", "github-workflow", "--audience", audience)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/token?api-version=2.0"
    yield {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
    server.shutdown()


@pytest.fixture
def spire(up_stack, tmp_path):
    """The Workload API of SPIRE's agent, as far as it gives JWT-SVIDs."""

    def fetch(request, context):
        if dict(context.invocation_metadata()).get("workload.spiffe.io") != "true":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no security header")
        assert b"sigstore" in request
        token = up_stack.token("--issuer-type", "spiffe", "--sub", PIPELINE)
        return field(1, field(1, PIPELINE.encode()) + field(2, token.encode()))

    server = grpc.server(ThreadPoolExecutor(2))
    methods = {"FetchJWTSVID": grpc.unary_unary_rpc_method_handler(fetch)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("SpiffeWorkloadAPI", methods)])
    socket = tmp_path / "agent.sock"
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    # SPIFFE's own form of it begins so.
    assert not str(socket).startswith(PAGE.told("unix://"))
    yield {PAGE.told("SPIFFE_ENDPOINT_SOCKET"): str(socket)}
    server.stop(None)


def signs(version, stack, blob, work, ambient, identity):
    cosign = version(stack, work)
    authority = ["--fulcio-url", stack.urls["ca"]] if version is Cosign2 else []
    sign = ["sign-blob", *authority, *cosign.services(), "--bundle", "bundle.json", blob]
    cosign(*sign, env=ambient)
    verify = ["verify-blob", *cosign.trust(), "--bundle", "bundle.json"]
    cosign(*verify, *cosign.identity(*identity), blob)
    cosign(*verify, *cosign.identity(f"{identity[0]}x", identity[1]), blob, ok=False)
    return cosign, sign


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_a_workflow_of_github(version, up_stack, github, blob, work):
    cosign, sign = signs(version, up_stack, blob, work, github, names(up_stack, "github-workflow"))
    cosign(*sign, env={**github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of another job"}, ok=False)


@pytest.mark.parametrize("version", [Cosign3, Cosign2])
def test_a_pipeline_beside_a_spire_agent(version, up_stack, spire, blob, work):
    signs(version, up_stack, blob, work, spire, (PIPELINE, f"{up_stack.issuer}/spiffe"))
