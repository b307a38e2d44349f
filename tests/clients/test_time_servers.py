"""A timestamp authority whose clock is compared with time servers: a real one, and one that lies."""

import json
import re
import socket
import struct
import threading
import time
import urllib.error
import urllib.request

import pytest

from clients.test_openssl_ts import stamp
from stack import Program, answers, free_port, run, wait_for

# Seconds from 1900 to 1970.
EPOCH = 2_208_988_800


@pytest.fixture
def chrony(tmp_path):
    """chronyd, which tells its machine's time and does not touch it; where it listens."""
    port, config = free_port(), tmp_path / "chrony.conf"
    config.write_text(
        f"port {port}\ncmdport 0\nbindaddress 127.0.0.1\nallow 127.0.0.1\nlocal stratum 5\npidfile {tmp_path}/chrony.pid\n"
    )
    server = Program(["chronyd", "-x", "-d", "-f", config, "-u", "root"], tmp_path / "chrony.log")
    yield f"127.0.0.1:{port}"
    server.stop()


class Liar:
    """A time server an hour ahead."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            request, client = self.socket.recvfrom(48)
            now = struct.pack(">Q", int((time.time() + EPOCH + 3600) * 2**32))
            self.socket.sendto(b"\x24\x02\x06\xe8" + bytes(20) + request[40:48] + now + now, client)


class Authority:
    """`sigstead tsa` from the configuration of a stack, beside that stack's own."""

    def __init__(self, stack, folder, servers):
        self.stack, self.admin = stack, f"127.0.0.1:{free_port()}"
        address = f"127.0.0.1:{free_port()}"
        self.urls = {"tsa": f"http://{address}/api/v1/timestamp"}
        text = stack.document("sigstead.toml").read_text()
        # An answer is good for three periods: more than a busy machine takes to ask again.
        servers = f"ntp_servers = {json.dumps(servers)}\nntp_period_secs = 5\nntp_timeout_secs = 5\n"
        config = stack.document("compared.toml")
        config.write_text(text.replace("[tsa]\n", f"[tsa]\n{servers}"))
        settings = ["--set", f"tsa.listen={address}", "--set", f"admin.listen={self.admin}"]
        self.program = Program([stack.binary, "tsa", "--config", config, *settings], folder / "tsa.log")
        wait_for(lambda: answers(f"http://{address}/ping"), "the authority")
        wait_for(lambda: answers(f"http://{self.admin}/healthz"), "its admin port")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()

    def ready(self):
        """The status of `/readyz`, and what it says."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}/readyz", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def accuses(self, liar):
        """Whether the clock is distrusted for what that server said; how far ahead that was is measured, not exact."""
        return re.search(rf"{re.escape(liar)} \+3[56]\d\d\.", str(self.ready()))

    def stamps(self, query):
        try:
            return stamp(self, query)
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read()
            return None


@pytest.fixture
def query(blob, work):
    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-cert", "-out", work / "q.tsq"])
    return work / "q.tsq"


def test_a_server_vouches_for_the_clock(up_stack, chrony, query, work):
    with Authority(up_stack, work, [chrony]) as authority:
        wait_for(lambda: authority.ready()[0] == 200, "the comparison")
        (work / "r.tsr").write_bytes(authority.stamps(query))
        chain = up_stack.document("tsa.certchain.pem")
        run(["openssl", "ts", "-verify", "-in", work / "r.tsr", "-queryfile", query, "-CAfile", chain, "-untrusted", chain])


def test_nothing_is_stamped_while_servers_say_that_the_clock_is_wrong(up_stack, chrony, query, work):
    liars = [Liar().address, Liar().address]
    with Authority(up_stack, work, [chrony, *liars]) as authority:
        wait_for(lambda: authority.accuses(liars[0]), "the comparison")
        status, body = authority.ready()
        assert status == 503 and "off by what time servers say" in body["failures"]["tsa-clock"]
        assert authority.stamps(query) is None
    with Authority(up_stack, work, [chrony, liars[0]]) as authority:
        wait_for(lambda: authority.accuses(liars[0]), "the comparison")
        assert authority.stamps(query) is None, "one of two is not most of them"
