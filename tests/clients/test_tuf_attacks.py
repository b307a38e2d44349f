"""Whoever holds the mirror, but no keys, cannot make clients believe anything old or mixed."""

import datetime
import json

import pytest

from clients.cosign import Cosign3
from clients.test_tuf import root_of
from clients.tuf_repository import Following, Following2, Hand, Mirror, PythonTuf, sha256, signed_blob


class Scene:
    """A mirror that clients follow, and what was genuine there at one time or another."""

    def __init__(self, stack, mirror):
        self.mirror, self.hand = mirror, Hand(stack.data, mirror)
        # Two genuine states, one after the other.
        self.hand.publish(lambda targets: targets.targets.pop("rekor.pub"))
        self.old = {role: self.content(role) for role in ("targets", "snapshot", "timestamp")}
        self.old_snapshot = self.newest("snapshot")
        self.hand.publish()

    def newest(self, role):
        return self.hand.newest(role).name

    def content(self, role):
        return self.hand.newest(role).read_bytes()


def rollback(scene):
    """The mirror goes back to a timestamp of before."""
    return {"timestamp.json": scene.old["timestamp"]}


def rollback_of_the_snapshot(scene):
    """A new timestamp, by a stolen timestamp key, for the snapshot of before."""

    def back(timestamp):
        timestamp.snapshot_meta.version = int(scene.old_snapshot.split(".")[0])
        timestamp.snapshot_meta.length = len(scene.old["snapshot"])
        timestamp.snapshot_meta.hashes = {"sha256": sha256(scene.old["snapshot"])}

    return signed_elsewhere(scene, "timestamp", back)


def freeze(scene):
    """The mirror holds on to a genuine timestamp until it is over."""

    def over(timestamp):
        timestamp.expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(days=1)

    return signed_elsewhere(scene, "timestamp", over)


def mixed_snapshot(scene):
    """Another genuine snapshot under the current one's name."""
    return {**renewed(scene), scene.newest("snapshot"): scene.old["snapshot"]}


def mixed_targets(scene):
    """Other genuine targets under the current ones' name."""
    return {**renewed(scene), scene.newest("targets"): scene.old["targets"]}


def other_file(scene):
    """A trusted root of the attacker's under the genuine one's name."""
    target = next((scene.mirror.folder / "targets").glob("*.trusted_root.json"))
    changed = json.loads(target.read_text())
    changed["tlogs"] = []
    return {f"targets/{target.name}": json.dumps(changed).encode()}


def own_root(scene):
    """A next root that the attacker signed with the keys that are online."""
    root = json.loads(scene.content("root"))
    root["signed"]["version"] += 1
    timestamp = json.loads(scene.content("timestamp"))
    root["signatures"] = timestamp["signatures"]
    return {f"{root['signed']['version']}.root.json": json.dumps(root).encode()}


def signed_elsewhere(scene, role, change):
    """What the role's key would sign, without anybody having seen it yet."""
    before = {scene.newest(role): scene.content(role)}
    name = scene.hand.sign(role, change)
    content = (scene.mirror.folder / name).read_bytes()
    if name not in before:
        (scene.mirror.folder / name).unlink()
    scene.mirror.holds(before)
    return {name: content}


def renewed(scene):
    """Everything signed anew: a client that comes has to fetch all of it."""
    before = scene.content("timestamp")
    scene.hand.publish()
    name = "timestamp.json"
    return {name: scene.mirror.holds({name: before})[name]}


@pytest.fixture
def scene(up_stack, work):
    with Mirror(up_stack.data / "tuf", work / "mirror") as mirror:
        yield Scene(up_stack, mirror)


REFUSALS = {
    rollback: "BadVersionNumberError",
    rollback_of_the_snapshot: "BadVersionNumberError",
    freeze: "ExpiredMetadataError",
    # Of the length or of the digest: signatures are not always of one length.
    mixed_snapshot: "MismatchError",
    mixed_targets: "MismatchError",
    own_root: "UnsignedMetadataError",
}


@pytest.mark.parametrize("attack", REFUSALS, ids=lambda attack: attack.__name__)
def test_python_tuf_refuses(attack, scene, up_stack, work):
    client = PythonTuf(scene.mirror.url, work / "client")
    client(root_of(up_stack))
    held = scene.mirror.holds(attack(scene))
    assert REFUSALS[attack] in client(ok=False)
    honest_again(scene, held)
    client()


@pytest.mark.parametrize("kind", [Following, Following2])
@pytest.mark.parametrize("attack", REFUSALS, ids=lambda attack: attack.__name__)
def test_cosign_refuses(attack, kind, scene, up_stack, blob, work):
    signed_blob(Cosign3(up_stack, work), blob)
    cosign = kind(up_stack, work)
    cosign.initialize(scene.mirror.url, root_of(up_stack))
    verify = ["verify-blob", *cosign.trust(), *cosign.identity(), "--bundle", "bundle.json", blob]
    cosign(*verify)
    held = scene.mirror.holds(attack(scene))
    assert "tuf refresh failed" in cosign(*verify, ok=False).stderr
    honest_again(scene, held)
    cosign(*verify)


def test_a_changed_file_is_refused_by_whoever_has_to_fetch_it(scene, up_stack, work):
    scene.mirror.holds(other_file(scene))
    root = root_of(up_stack)
    assert "LengthOrHashMismatchError" in PythonTuf(scene.mirror.url, work / "python")(root, ok=False)
    for kind in (Following, Following2):
        newcomer = work / kind.name
        newcomer.mkdir()
        kind(up_stack, newcomer).initialize(scene.mirror.url, root, ok=False)


def honest_again(scene, held):
    """What the attack replaced is back, and time goes on: nothing of the attack was kept by who refused it."""
    scene.mirror.holds(held)
    for _ in range(3):
        scene.hand.publish()
