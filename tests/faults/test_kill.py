"""A log that is killed under load, a hundred times: nothing that it promised is lost, and it never forks."""

import base64
import json
import random
import signal
import time
import urllib.request

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from faults.load import Load, Memory
from merkle import leaf_hash, root_from_inclusion, roots
from stack import Stack, free_port, run

KILLS = 50


@pytest.mark.parametrize("engine", ["SQLite", "Postgres"])
def test_nothing_acknowledged_is_lost(engine, binary, postgres, tmp_path):
    database = postgres.new_database() if engine == "Postgres" else None
    ports = {name: free_port() for name in Stack.PORTS}
    memory, chance = Memory(), random.Random(1)
    for life in range(KILLS):
        stack = Stack.up(binary, tmp_path / "data", database, ports)
        with Load(stack.urls["log"], memory, life):
            time.sleep(chance.uniform(0.05, 0.3))
            stack.stop(signal.SIGKILL)
    with Stack.up(binary, tmp_path / "data", database, ports) as stack:
        check_promises(stack, memory)
    run([binary, "log", "audit", "--config", tmp_path / "data" / "sigstead.toml"])


def test_the_database_stops_under_load(binary, tmp_path):
    """Postgres loses power a few times while sigstead runs on: it recovers by itself, and forgets nothing."""
    from stack import Postgres

    (tmp_path / "postgres").mkdir()
    memory = Memory()
    with Postgres(tmp_path / "postgres") as server:
        with Stack.up(binary, tmp_path / "data", server.new_database()) as stack:
            for life in range(4):
                with Load(stack.urls["log"], memory, life):
                    time.sleep(0.5)
                    server.server.stop(signal.SIGQUIT)
                    time.sleep(0.2)
                    server.start()
                    time.sleep(1)
            check_promises(stack, memory)
            run([binary, "log", "audit", "--config", tmp_path / "data" / "sigstead.toml"])


def check_promises(stack, memory):
    """Holds everything that was ever answered against the log as it is now."""
    assert not memory.unexpected, memory.unexpected[:3]
    assert len(memory.acknowledged) > KILLS, "there was hardly any load"
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
