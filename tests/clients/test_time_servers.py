"""A timestamp authority whose clock goes back, or is compared with time servers, a real one and some that lie; docs/operations/clock-wrong.md."""

import calendar
import json
import os
import re
import shutil
import socket
import struct
import threading
import time
import urllib.error
import urllib.request

import pytest

from clients.test_authorities import rfc3339
from clients.test_openssl_ts import stamp
from clients.tuf_repository import at
from page import Page, Reader, configure, mean
from stack import Program, answers, free_port, run, wait_for

PAGE = Page("clock-wrong.md")
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
    """A time server an hour ahead, until it is not."""

    ahead = 3600

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            request, client = self.socket.recvfrom(48)
            now = struct.pack(">Q", int((time.time() + EPOCH + self.ahead) * 2**32))
            self.socket.sendto(b"\x24\x02\x06\xe8" + bytes(20) + request[40:48] + now + now, client)


class Authority:
    """`sigstead tsa` from a copy of a stack's files, with what the page says in its configuration."""

    def __init__(self, stack, folder, servers, settings=(), env=None):
        self.stack, self.admin = stack, f"127.0.0.1:{free_port()}"
        address = f"127.0.0.1:{free_port()}"
        self.urls = {"tsa": f"http://{address}/api/v1/timestamp"}
        self.data = folder / f"tsa-{free_port()}"
        shutil.copytree(stack.data, self.data, ignore=shutil.ignore_patterns("*.db*", "lock", "rollback-guard"))
        config = self.data / "sigstead.toml"
        named = PAGE.fragment("ntp_servers").split("= ", 1)[1].split("\n")[0]
        # An answer is good for three periods: more than a busy machine takes to ask again.
        configure(config, mean(PAGE.fragment("ntp_servers"), {named: json.dumps(servers), "ntp_period_secs = 60": "ntp_period_secs = 5"}))
        settings = [f"tsa.listen={address}", f"admin.listen={self.admin}", "tsa.ntp_timeout_secs=5", *settings]
        flags = [part for setting in settings for part in ("--set", setting)]
        self.program = Program([stack.binary, "tsa", "--config", config, *flags], folder / "tsa.log", env={**os.environ, **(env or {})})
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

    def told(self, path):
        with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=5) as answer:
            return answer.read().decode()

    def accuses(self, liar):
        """Whether the clock is distrusted for what that server said; how far ahead that was is measured, not exact."""
        return re.search(rf"{re.escape(liar.address)} \+3[56]\d\d\.", str(self.ready()))

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
    liars = [Liar(), Liar()]
    with Authority(up_stack, work, [chrony, *(liar.address for liar in liars)]) as authority:
        reader = Reader(up_stack.binary, authority.data)
        compare, *_ = PAGE.script("/readyz").partition("chronyc")

        def told():
            return reader(compare, {"http://127.0.0.1:2112": f"http://{authority.admin}"})

        wait_for(lambda: authority.accuses(liars[0]), "the comparison")
        status, body = authority.ready()
        assert status == 503 and liars[0].address in body["failures"]["tsa-clock"]
        assert f"{PAGE.told('clock_trusted')} 0" in told() and "tsa-clock" in told()
        assert authority.stamps(query) is None
        # The clock is mended, which is to say that nobody contradicts it any more.
        for liar in liars:
            liar.ahead = 0
        wait_for(lambda: authority.ready()[0] == 200, "the mended clock")
        assert f"{PAGE.told('clock_trusted')} 1" in told()
        shown = reader(PAGE.script("openssl ts"), {"https://tsa.example.com/api/v1/timestamp": authority.urls["tsa"]})
        stamped = time.strptime(re.search(r"Time stamp: (.*)", shown)[1], "%b %d %H:%M:%S %Y GMT")
        assert abs(calendar.timegm(stamped) - time.time()) < 60
        # What was stamped while nobody can say when.
        moment, now = rfc3339(-3600), rfc3339(0)
        meaning = {"/media/offline/tsa-root": work / "root", "2026-11-21T09:00:00Z": now, "2026-11-20T18:00:00Z": moment}
        reader(PAGE.script("tsa retire"), meaning)
        first, second = json.loads(reader("sigstead client trusted-root --config sigstead.toml"))["timestampAuthorities"]
        assert first["validFor"]["end"] == moment and "end" not in second["validFor"]
        assert authority.stamps(query)
    liars[0].ahead = 3600
    with Authority(up_stack, work, [chrony, liars[0].address]) as authority:
        wait_for(lambda: authority.accuses(liars[0]), "the comparison")
        assert authority.stamps(query) is None, "one of two is not most of them"


def test_a_warning_stops_nothing(up_stack, query, work):
    liar = Liar()
    with Authority(up_stack, work, [liar.address], ["tsa.ntp_on_drift=warn"]) as authority:
        wait_for(lambda: liar.address in authority.told("/healthz"), "the warning")
        assert authority.stamps(query) and authority.ready()[0] == 200
        assert f"{PAGE.told('clock_trusted')} 0" in authority.told("/metrics")


def test_nothing_is_stamped_after_the_clock_went_back(up_stack, query, work):
    """Without any time server: it knows what it gave out."""
    machine = {**at("+0d"), "FAKETIME_TIMESTAMP_FILE": str(work / "clock"), "FAKETIME_NO_CACHE": "1"}
    del machine["FAKETIME"]

    def set_clock(ahead):
        (work / "fresh").write_text(f"{ahead}\n")
        (work / "fresh").replace(work / "clock")

    set_clock("+0")
    with Authority(up_stack, work, [], env=machine) as authority:
        assert authority.stamps(query) and authority.ready()[0] == 200
        set_clock("-3600")
        wait_for(lambda: authority.ready()[0] == 503, "the doubt")
        assert "the clock went back by" in authority.ready()[1]["failures"]["tsa-clock"]
        assert authority.stamps(query) is None
        wait_for(lambda: f"{PAGE.told('clock_trusted')} 0" in authority.told("/metrics"), "the metric")
        set_clock("+0")
        wait_for(lambda: authority.ready()[0] == 200, "the mended clock")
        assert authority.stamps(query)
        wait_for(lambda: f"{PAGE.told('clock_trusted')} 1" in authority.told("/metrics"), "the metric")
