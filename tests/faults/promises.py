"""What the log ever promised, held against what it says in the end."""

import base64
import json
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from merkle import leaf_hash, root_from_inclusion, roots
from stack import run

# Of what was acknowledged, so many are searched for, spread over all of it.
SEARCHED = 300


def check_promises(stack, memory, at_least):
    """Holds everything that was ever answered against the log as it is now, and audits the log."""
    assert not memory.unexpected, memory.unexpected[:3]
    assert len(memory.acknowledged) > at_least, "there was hardly any load"
    assert len(memory.acknowledged_v2) > at_least / 2, "there was hardly any load"
    check_v1(stack, memory)
    check_v2(stack, memory)
    check_search(stack, memory)
    run([stack.binary, "log", "audit", "--config", stack.data / "sigstead.toml"])


def check_v1(stack, memory):
    """Bodies, indexes, proofs and checkpoints, from every entry there is."""
    log = json.loads(stack.get("log", "/api/v1/log"))
    bodies = entries(stack, log["treeSize"])
    leaves = [leaf_hash(body) for body in bodies]
    root_of = roots(leaves)
    assert root_of[-1].hex() == log["rootHash"]
    for uuid, told in memory.acknowledged:
        assert base64.b64decode(told["body"]) == bodies[told["logIndex"]], f"{uuid} is not at its index"
        proof = told["verification"]["inclusionProof"]
        hashes_of_proof = [bytes.fromhex(text) for text in proof["hashes"]]
        root = root_from_inclusion(proof["logIndex"], proof["treeSize"], leaves[told["logIndex"]], hashes_of_proof)
        assert root.hex() == proof["rootHash"] == root_of[proof["treeSize"]].hex()
    key = serialization.load_pem_public_key(stack.get("log", "/api/v1/log/publicKey"))
    for checkpoint in memory.checkpoints:
        text, signature = checkpoint.split("\n\n")
        _, size, root = text.split("\n")
        assert base64.b64decode(root) == root_of[int(size)], f"the checkpoint of size {size} is of another history"
        signed = base64.b64decode(signature.split(" ")[2])[4:]
        key.verify(signed, f"{text}\n".encode(), ec.ECDSA(hashes.SHA256()))


def check_v2(stack, memory):
    """The same for Rekor v2, from its tiles."""
    size = int(stack.get("log", "/checkpoint").split(b"\n")[1])
    bodies = []
    for n in range(0, size, 256):
        width = min(256, size - n)
        bundle = stack.get("log", f"/tile/entries/{tile(n // 256)}{'' if width == 256 else f'.p/{width}'}")
        while bundle:
            length = int.from_bytes(bundle[:2])
            bodies.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    leaves = [leaf_hash(body) for body in bodies]
    root_of = roots(leaves)
    for told in memory.acknowledged_v2:
        proof, index = told["inclusionProof"], int(told["logIndex"])
        assert base64.b64decode(told["canonicalizedBody"]) == bodies[index]
        told_root, told_size = base64.b64decode(proof["rootHash"]), int(proof["treeSize"])
        hashes_of_proof = [base64.b64decode(text) for text in proof["hashes"]]
        assert root_from_inclusion(index, told_size, leaves[index], hashes_of_proof) == told_root == root_of[told_size]


def tile(n):
    return f"{n:03}" if n < 1000 else f"x{n // 1000:03}/{n % 1000:03}"


def check_search(stack, memory):
    """What was acknowledged is found, once."""
    wanted = [(told, "rekor-v1") for _, told in memory.acknowledged] + [(told, "rekor-v2") for told in memory.acknowledged_v2]
    for told, log in wanted[:: max(1, len(wanted) // SEARCHED)]:
        body = json.loads(base64.b64decode(told["body"] if log == "rekor-v1" else told["canonicalizedBody"]))
        if log == "rekor-v1":
            digest = body["spec"]["data"]["hash"]["value"]
        else:
            digest = base64.b64decode(body["spec"]["hashedRekordV002"]["data"]["digest"]).hex()
        found = json.loads(stack.get("log", f"/api/search?digest=sha256:{digest}"))["entries"]
        assert [(entry["log"], entry["logIndex"]) for entry in found] == [(log, int(told["logIndex"]))]


def entries(stack, size):
    """Every canonical body, by index, ten a request; a gap would be missing here."""
    bodies = []
    for first in range(0, size, 10):
        indexes = list(range(first, min(first + 10, size)))
        request = urllib.request.Request(
            f"{stack.urls['log']}/api/v1/log/entries/retrieve",
            data=json.dumps({"logIndexes": indexes}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = [told for entry in json.load(answer) for told in entry.values()]
        assert [told["logIndex"] for told in found] == indexes
        bodies += [base64.b64decode(told["body"]) for told in found]
    return bodies
