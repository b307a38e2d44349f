"""Clients that keep writing to a log while it is killed, and remember what it promised."""

import base64
import hashlib
import http.client
import json
import threading
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def entry(artifact):
    """A hashedrekord of an artifact that nobody else logs."""
    return {
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(artifact).hexdigest()}},
            "signature": {
                "content": base64.b64encode(KEY.sign(artifact, ec.ECDSA(hashes.SHA256()))).decode(),
                "publicKey": {"content": base64.b64encode(PUBLIC_PEM).decode()},
            },
        },
    }


def b64(data):
    return base64.b64encode(data).decode()


def signed_v2(message):
    """A signature as Rekor v2 takes it."""
    der = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    verifier = {"publicKey": {"rawBytes": b64(der)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    return {"content": b64(KEY.sign(message, ec.ECDSA(hashes.SHA256()))), "verifier": verifier}


def entry_v2(artifact):
    """The same for Rekor v2."""
    return {"hashedRekordRequestV002": {"digest": b64(hashlib.sha256(artifact).digest()), "signature": signed_v2(artifact)}}


def attestation_v2(payload, kind="text/plain"):
    """A DSSE envelope, for a Rekor v2 that takes them."""
    signature = signed_v2(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
    envelope = {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": signature["content"]}]}
    return {"dsseRequestV002": {"envelope": envelope, "verifiers": [signature["verifier"]]}}


class Memory:
    """What the log has answered, over all its lives."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged, self.checkpoints, self.unexpected = [], set(), []
        self.acknowledged_v2, self.refused = [], 0

    def acknowledge(self, answer):
        [(uuid, told)] = answer.items()
        with self.lock:
            self.acknowledged.append((uuid, told))
            self.checkpoints.add(told["verification"]["inclusionProof"]["checkpoint"])

    def acknowledge_v2(self, entry):
        with self.lock:
            self.acknowledged_v2.append(entry)

    def observe(self, checkpoint):
        with self.lock:
            self.checkpoints.add(checkpoint)


class Load:
    """Threads that write and one that reads, until they are stopped; a lost connection is part of the test."""

    def __init__(self, url, memory, life, writers=4):
        self.address, self.memory, self.life = urlsplit(url), memory, life
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(writers)]
        self.threads.append(threading.Thread(target=self.write, args=(writers, "/api/v2/log/entries", entry_v2)))
        self.threads.append(threading.Thread(target=self.read))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def ask(self, connection, method, path, body=None):
        """Status and JSON, or nothing when the server went away."""
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            return None

    def write(self, writer, path="/api/v1/log/entries", make=entry):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=10)
        number = 0
        while not self.stopping.is_set():
            number += 1
            artifact = f"life {self.life} writer {writer} number {number}".encode()
            match self.ask(connection, "POST", path, json.dumps(make(artifact))):
                case None:
                    self.stopping.wait(0.01)
                case (201, answer) if "inclusionProof" in answer:
                    self.memory.acknowledge_v2(answer)
                case (201, answer):
                    self.memory.acknowledge(answer)
                # A server that is losing its database says so, and promises nothing.
                case (500 | 503, _):
                    self.memory.refused += 1
                    self.stopping.wait(0.05)
                case other:
                    self.memory.unexpected.append(other)
        connection.close()

    def read(self):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=10)
        while not self.stopping.is_set():
            answer = self.ask(connection, "GET", "/api/v1/log")
            if answer and answer[0] == 200:
                self.memory.observe(answer[1]["signedTreeHead"])
            self.stopping.wait(0.005)
        connection.close()
