"""A log that was rotated while it ran, v1 by new-shard.md and v2 by rotate-log-keys.md: clients on both sides of the seam."""

import json
import re

import pytest

from clients.cosign import EMAIL, Cosign3
from clients.test_authorities import rfc3339
from clients.test_rekor_cli import RekorCli
from page import Page, Reader, configure, mean
from stack import Stack, wait_for

SHARD, KEYS = Page("new-shard.md"), Page("rotate-log-keys.md")


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
    reader = Reader(binary, log.data)
    told = reader(SHARD.script("sigstead log rotate"))
    assert f"shard {old['TreeID']}: {SHARD.told('Frozen')}, {size} entries" in told and SHARD.told("Active") in told
    wait_for(lambda: json.loads(log.get("log", "/api/v1/log"))[SHARD.told("inactiveShards")], "the new shard")

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
    audited = reader(SHARD.command("sigstead log audit"))
    assert audited.count(SHARD.told("everything agrees")) == 3, "two shards, and v2"


def test_the_next_rekor_v2_log(binary, tmp_path, up_stack, blob, work):
    """Announced, and then in the place of the one before, behind another name of the same server."""
    made = Stack.up(binary, tmp_path / "data")
    made.stop()
    reader, config = Reader(binary, made.data), made.data / "sigstead.toml"
    old, new = made.urls["log"], made.urls["log"].replace("127.0.0.1", "localhost")
    began = re.search(r'^since = "([^"]*)"', config.read_text(), re.M)[1]
    names = {"https://log-2.example.com": new, "log-2.example.com": "localhost", "2026-11-21T09:00:00Z": rfc3339(0)}
    earlier = {"https://log.example.com": old, "log.example.com": "127.0.0.1", "2025-01-01T00:00:00Z": began}
    reader(KEYS.script("keys/log-v2-2.key"))

    def signs(name):
        stack.fetch()
        cosign = Cosign3(stack, work)
        services = ["--signing-config", stack.document("signing_config_rekor_v2.v0.2.json"), *cosign.trust()]
        cosign("sign-blob", "--identity-token", cosign.token_file(), *services, "--bundle", work / name, blob)
        return json.loads((work / name).read_text())["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"]

    before = config.read_text()
    configure(config, mean(KEYS.fragment("2036-"), names))
    with Stack.alone(made, up_stack) as stack:
        first = signs("before.json")
        announced = stack.document("trusted_root.json").read_bytes()
        config.write_text(before)
        configure(config, mean(KEYS.fragment("[log_v2]\n"), {**names, **earlier, "2026-12-31T00:00:00Z": rfc3339(24 * 3600)}))
        assert "is frozen at" in reader(KEYS.command("sigstead log freeze-v2"))
    with Stack.alone(made, up_stack) as stack:
        assert signs("after.json") != first
        cosign = Cosign3(stack, work)
        for bundle in ("before.json", "after.json"):
            for root in (announced, stack.document("trusted_root.json").read_bytes()):
                (work / "root.json").write_bytes(root)
                cosign("verify-blob", "--trusted-root", work / "root.json", *cosign.identity(), "--bundle", work / bundle, blob)
