"""A company's cluster: a service account's token signs an image and what is said about it; whoever knows the TUF root alone verifies.

Certificate, SCT, log entry and timestamp; attestations (SLSA, SPDX); found in the log by the image's digest.
"""

import json
import shutil

import pytest

from balanced import Balanced
from clients.test_cosign_image import PREDICATES
from clients.tuf_repository import Following
from stack import Stack, run

REGISTRY = ["--allow-insecure-registry"]
ACCOUNT = "https://kubernetes.io/namespaces/build/serviceaccounts/pipeline"
CLAIM = {"namespace": "build", "pod": {"name": "p-0", "uid": "1"}, "serviceaccount": {"name": "pipeline", "uid": "2"}}
TOKEN = ["--issuer-type", "kubernetes", "--sub", "system:serviceaccount:build:pipeline", "--claim", f"kubernetes.io={json.dumps(CLAIM)}"]


@pytest.fixture(scope="module", params=["one process on SQLite", "two copies of every service on Postgres"])
def cluster(request, binary, tmp_path_factory, up_stack):
    if request.param.startswith("one"):
        yield up_stack
        return
    database = request.getfixturevalue("postgres").new_database()
    made = Stack.up(binary, tmp_path_factory.mktemp("cluster") / "data", database)
    made.stop()
    with Balanced.start(binary, made, Stack.SERVICES, up_stack) as stack:
        yield stack


class Builder(Following):
    """Signs with the token that a cluster puts into a pod."""

    def signing(self):
        return ["--identity-token", self.token_file(*TOKEN)]

    def identity(self, account=ACCOUNT):
        return ["--certificate-identity", account, "--certificate-oidc-issuer-regexp", f"^{self.stack.issuer}"]


def test_from_a_service_account_to_a_verified_image(cluster, binary, image, work, tmp_path):
    builder, root = Builder(cluster, work), cluster.data / "tuf" / "1.root.json"
    builder.initialize(cluster.urls["trust"], root)
    builder("sign", *REGISTRY, *builder.signing(), image)
    for kind in ("slsaprovenance1", "spdxjson"):
        (work / "predicate.json").write_text(json.dumps(PREDICATES[kind]))
        builder("attest", *REGISTRY, *builder.signing(), "--type", kind, "--predicate", work / "predicate.json", image)

    search = [binary, "log", "search", "--url", cluster.urls["log"], "--json", "--image", image]
    found = [json.loads(line) for line in run(search).stdout.splitlines()]
    assert len(found) == 3, "the signature and both attestations"
    assert len(run([*search, "--where", "predicateType=https://slsa.dev/provenance/v1"]).stdout.splitlines()) == 1

    # Somebody else, on another machine, who was handed the root.
    folder = tmp_path / "verifier"
    folder.mkdir()
    verifier = Builder(cluster, folder)
    shutil.copy(root, folder / "root.json")
    verifier.initialize(cluster.urls["trust"], folder / "root.json")
    verifier("verify", *REGISTRY, *verifier.identity(), "--use-signed-timestamps", image)
    for kind in ("slsaprovenance1", "spdxjson"):
        verifier("verify-attestation", *REGISTRY, *verifier.identity(), "--type", kind, image)
    verifier("verify", *REGISTRY, *verifier.identity(account=ACCOUNT.replace("pipeline", "other")), image, ok=False)
    stranger = folder / "stranger"
    stranger.mkdir()
    Builder(cluster, stranger)("verify", *REGISTRY, *verifier.identity(), image, ok=False)
