"""A log that was rotated while it ran: rekor-cli and cosign on both sides of the seam."""

import json

import pytest

from clients.cosign import EMAIL, Cosign3
from clients.test_rekor_cli import RekorCli
from stack import Stack, run, wait_for


@pytest.fixture
def log(binary, tmp_path):
    with Stack.up(binary, tmp_path / "data") as stack:
        yield stack


def test_clients_do_not_notice_a_rotation(log, binary, blob, work):
    rekor = RekorCli(log, work).json
    cosign = Cosign3(log, work)
    before, after = work / "before.json", work / "after.json"
    cosign("sign-blob", *cosign.signing(), "--bundle", before, blob)
    old = rekor("loginfo")
    size = old["ActiveTreeSize"]
    config = ["--config", log.document("sigstead.toml")]
    told = run([binary, "log", "rotate", *config]).stdout
    assert f"shard {old['TreeID']}: Frozen, {size} entries" in told
    wait_for(lambda: json.loads(log.get("log", "/api/v1/log"))["inactiveShards"], "the new shard")

    cosign("sign-blob", *cosign.signing(), "--bundle", after, blob)
    for bundle in (before, after):
        cosign("verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", bundle, blob)
    new = rekor("loginfo")
    assert new["TreeID"] != old["TreeID"] and new["TotalTreeSize"] == size + new["ActiveTreeSize"]
    for index in (size - 1, size + new["ActiveTreeSize"] - 1):
        assert rekor("get", "--log-index", str(index))["LogIndex"] == index
        rekor("verify", "--log-index", str(index))
    (first, second) = (json.loads(bundle.read_text())["verificationMaterial"]["tlogEntries"][0] for bundle in (before, after))
    assert (int(first["logIndex"]), int(second["logIndex"])) == (size - 1, size + new["ActiveTreeSize"] - 1)
    found = rekor("search", "--email", EMAIL)["UUIDs"]
    assert {uuid[:16] for uuid in found} == {f"{int(tree):016x}" for tree in (old["TreeID"], new["TreeID"])}
    assert "everything agrees" in run([binary, "log", "audit", *config]).stdout
