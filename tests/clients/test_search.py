"""Entries of real clients, found with `sigstead log search` by what operators know of them."""

import base64
import hashlib
import json
from datetime import datetime, timedelta

import pytest

from clients.cosign import EMAIL, Cosign2, Cosign3
from clients.test_rekor_cli import (
    RekorCli,
    index_of,
    signed_by_gpg,
    signed_by_minisign,
    signed_by_signify,
    signed_by_ssh_keygen,
    upload_statement,
)
from clients.test_rekor_v2 import Cosign as Cosign3OnV2
from stack import run

REGISTRY = ["--allow-insecure-registry"]


@pytest.fixture
def search(binary, stack):
    def search(*conditions, ok=True):
        arguments = ["--url", stack.urls["log"], "--json", *conditions]
        lines = run([binary, "log", "search", *arguments], ok=ok).stdout.splitlines()
        return [json.loads(line) for line in lines]

    return search


@pytest.mark.parametrize("version", [Cosign2, Cosign3, Cosign3OnV2])
def test_a_signature_is_found_by_the_image(version, stack, search, image, work):
    assert search("--image", image, ok=False) == [], "nothing found is exit code 1"
    cosign = version(stack, work)
    cosign("sign", *REGISTRY, *cosign.signing(), image)
    (found,) = search("--image", image)
    kinds = {Cosign2: ("rekor-v1", "hashedrekord"), Cosign3: ("rekor-v1", "dsse"), Cosign3OnV2: ("rekor-v2", "hashedrekord")}
    assert (found["log"], found["kind"]) == kinds[version]
    assert search("--image", image, "--email", EMAIL, "--issuer", stack.issuer) == [found]
    assert search("--image", image, "--email", "mallory@example.org", ok=False) == []
    if found["log"] == "rekor-v1":
        entry = json.loads(stack.get("log", f"/api/v1/log/entries?logIndex={found['logIndex']}"))
        assert list(entry) == [found["uuid"]]


@pytest.mark.parametrize("version", [Cosign2, Cosign3])
def test_attestations_are_found_by_image_and_predicate(version, stack, search, image, work):
    cosign = version(stack, work)
    predicate = work / "predicate.json"
    predicate.write_text('{"buildDefinition": {"buildType": "t", "externalParameters": {}}, "runDetails": {"builder": {"id": "b"}}}')
    cosign("attest", *REGISTRY, *cosign.signing(), "--type", "slsaprovenance1", "--predicate", predicate, image)
    (found,) = search("--image", image, "--where", "predicateType=https://slsa.dev/provenance/v1")
    assert search("--image", image, "--where", "predicateType.prefix=https://SLSA.dev/") == [found]
    assert search("--image", image, "--where", "predicateType=https://spdx.dev/Document", ok=False) == []
    assert search("--digest", image.split("@")[1], "--kind", found["kind"]) == [found]


def test_workflows_are_found_by_what_their_certificate_says(stack, search, blob, work):
    cosign = Cosign3(stack, work)
    token = cosign.token_file("--issuer-type", "github-workflow")
    cosign("sign-blob", "--identity-token", token, *cosign.services(), "--bundle", work / "bundle.json", blob)
    logged = json.loads((work / "bundle.json").read_text())["verificationMaterial"]["tlogEntries"][0]
    mine = ["--digest", f"sha256:{digest_of(logged)}"]
    (found,) = search(*mine)
    assert found["logIndex"] == int(logged["logIndex"])
    for conditions in (
        ["--repository", "https://github.com/example/app"],
        ["--where", "workflow.contains=release.yml@refs/heads/main"],
        ["--where", "subject.prefix=https://github.com/example/app/"],
        ["--issuer", f"{stack.issuer}/github-workflow"],
        ["--after", "2020-01-01T00:00:00Z", "--before", "2199-12-31T00:00:00Z"],
        ["--oldest", "--kind", "hashedrekord", "--kind", "dsse"],
    ):
        assert search(*mine, *conditions) == [found], conditions
    assert search(*mine, "--repository", "https://github.com/example/other", ok=False) == []
    assert search(*mine, "--before", "2020-01-01T00:00:00Z", ok=False) == []


def test_statements_are_found_by_name_and_to_the_second(stack, search, work):
    digest = hashlib.sha256(str(work).encode()).hexdigest()
    index, _ = upload_statement(RekorCli(stack, work), work, digest)
    mine = ["--digest", digest]
    (found,) = search(*mine)
    assert (found["logIndex"], found["kind"]) == (index, "intoto")
    logged = datetime.fromisoformat(found["time"])
    before, at, after = (f"{logged + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}" for seconds in (-1, 0, 1))
    for conditions in (
        ["--where", "subjectName=app"],
        ["--where", "subjectName.prefix=AP"],
        ["--where", "subjectName=other", "--where", "subjectName=app", "--where", "subjectName.contains=pp"],
        ["--after", at, "--before", at],
    ):
        assert search(*mine, *conditions) == [found], conditions
    other = ["--where", "subjectName=other"]
    for conditions in (other, [*other, "--where", "subjectName.contains=pp"], ["--where", "subjectName.prefix=pp"], ["--after", after], ["--before", before]):
        assert search(*mine, *conditions, ok=False) == [], conditions


@pytest.mark.parametrize("sign", [signed_by_gpg, signed_by_ssh_keygen, signed_by_minisign, signed_by_signify], ids=lambda sign: sign.__name__)
def test_keys_of_every_format(stack, search, blob, work, sign):
    pki, signature, key = sign(blob, work)
    flags = ["--artifact", blob, "--signature", signature, "--public-key", key, "--pki-format", pki, "--type", "rekord"]
    index = index_of(RekorCli(stack, work)("upload", *flags))
    (found,) = search("--key", key)
    assert (found["logIndex"], found["kind"]) == (index, "rekord")


def digest_of(logged):
    body = json.loads(base64.b64decode(logged["canonicalizedBody"]))
    return body["spec"]["data"]["hash"]["value"]


def test_keys_and_counts(binary, stack, search, blob, work):
    cosign = Cosign3(stack, work)
    cosign("generate-key-pair")
    cosign("sign-blob", "--key", "cosign.key", *cosign.services(), "--bundle", work / "bundle.json", blob)
    (found,) = search("--key", work / "cosign.pub")
    assert found["kind"] == "hashedrekord"
    count = run([binary, "log", "search", "--url", stack.urls["log"], "--count", "--key", work / "cosign.pub"]).stdout
    assert count == "1"
    table = run([binary, "log", "search", "--url", stack.urls["log"], "--key", work / "cosign.pub"]).stdout
    assert found["uuid"] in table
    refused = run([binary, "log", "search", "--url", stack.urls["log"], "--where", "colour=red"], ok=False)
    assert "colour: there is no such parameter" in refused.stderr
