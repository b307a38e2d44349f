"""timestamp-cli asks, reads and verifies."""

import json

import pytest

from conftest import CLIENTS
from stack import run


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_timestamp_inspect_verify(digest, stack, blob, work):
    def timestamp_cli(*arguments, ok=True):
        server = ["--timestamp_server", stack.service_url("tsa").rstrip("/"), "--format", "json"]
        return run([CLIENTS / "timestamp-cli", *server, *arguments], ok=ok, cwd=work).stdout

    answer, chain = work / "answer.tsr", stack.document("tsa.certchain.pem")
    timestamp_cli("timestamp", "--artifact", blob, "--hash", digest, "--out", answer)
    told = json.loads(timestamp_cli("inspect", "--timestamp", answer))["TimestampResponse"]
    assert told["Nonce"] and len(told["Certificates"]) == 1
    verify = ["verify", "--timestamp", answer, "--certificate-chain", chain]
    timestamp_cli(*verify, "--nonce", told["Nonce"], "--artifact", blob)
    timestamp_cli(*verify, "--nonce", "1", "--artifact", blob, ok=False)
    blob.write_bytes(b"not what was stamped")
    timestamp_cli(*verify, "--artifact", blob, ok=False)
