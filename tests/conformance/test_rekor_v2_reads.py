"""Reads of Rekor v2 as caches, mirrors and monitors ask for them: what never changes, what is compressed, and where it ends."""

import gzip
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from faults.load import entry_v2
from merkle import leaf_hash, roots
from stack import Stack, wait_for

BUNDLE = 256
# Beyond the full bundle, the log's own first entry among them.
MORE = 4
PATHS = ["tile/0/000", f"tile/0/001.p/{MORE}", "tile/1/000.p/1", "tile/entries/000", f"tile/entries/001.p/{MORE}"]
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module", params=["SQLite", "Postgres"])
def log(request, binary, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if request.param == "Postgres" else None
    with Stack.up(binary, tmp_path_factory.mktemp("reads") / "data", database) as stack:
        with ThreadPoolExecutor(16) as clients:
            assert set(clients.map(lambda number: add(stack, number), range(BUNDLE + MORE - 1))) == {201}
        yield stack


@pytest.fixture(params=["/", "/api/v2/"])
def read(request, log):
    def read(path, method="GET", **headers):
        return ask(log, method, request.param + path, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return read


def ask(stack, method, path, body=None, headers=None):
    """Status, headers and bytes, as they came."""
    address = urlsplit(stack.urls["log"])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def add(stack, number):
    body = json.dumps(entry_v2(b"entry %d" % number))
    return ask(stack, "POST", "/api/v2/log/entries", body, {"Content-Type": "application/json"})[0]


def size_of(checkpoint):
    return int(checkpoint.split(b"\n")[1])


def records(bundle):
    found = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2])
        found.append(bundle[2:end])
        bundle = bundle[end:]
    return found


@pytest.mark.parametrize("path", PATHS)
def test_what_never_changes_says_so_and_is_sent_once(read, path):
    status, headers, body = read(path)
    assert (status, headers["Cache-Control"], headers["Content-Type"]) == (200, IMMUTABLE, "application/octet-stream")
    status, again, nothing = read(path, If_None_Match=headers["ETag"])
    assert (status, nothing, again["ETag"], again["Cache-Control"]) == (304, b"", headers["ETag"], IMMUTABLE)
    assert read(path, If_None_Match='"another"')[2] == body
    status, head, nothing = read(path, "HEAD")
    assert (status, nothing, head["ETag"], head["Content-Length"]) == (200, b"", headers["ETag"], str(len(body)))


def test_partials_are_the_beginning_of_the_full_ones(read):
    tile, bundle = read("tile/0/000")[2], records(read("tile/entries/000")[2])
    assert len(bundle) == BUNDLE and tile == b"".join(map(leaf_hash, bundle))
    for width in (1, 100, BUNDLE - 1):
        assert read(f"tile/0/000.p/{width}")[2] == tile[: 32 * width]
        assert records(read(f"tile/entries/000.p/{width}")[2]) == bundle[:width]
    leaves = [leaf_hash(record) for record in bundle]
    assert read("tile/1/000.p/1")[2] == roots(leaves)[BUNDLE]


def test_a_full_bundle_is_sent_compressed_to_who_takes_it(read):
    plain = read("tile/entries/000")
    assert plain[1]["Content-Encoding"] is None and "accept-encoding" in plain[1]["Vary"]
    # Bundles are sealed beside the appends, soon after they are full.
    compressed = lambda: read("tile/entries/000", Accept_Encoding="gzip")
    wait_for(lambda: compressed()[1]["Content-Encoding"] == "gzip", "the sealed bundle")
    status, headers, body = compressed()
    assert (status, headers["Cache-Control"]) == (200, IMMUTABLE)
    assert gzip.decompress(body) == plain[2] and len(body) < len(plain[2])
    assert headers["ETag"] != plain[1]["ETag"], "other bytes"
    assert read("tile/entries/000", Accept_Encoding="gzip;q=0")[2] == plain[2]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001.p/BEYOND", "tile/0/001", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/64/000.p/1",
        "tile/entries/001.p/BEYOND", "tile/entries/001", "tile/entries/002.p/1",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/0", "tile/0/x000/000", "tile/00/000", "tile/entries/000.p/01", "tile/entries/..", "tile/0/-01",
    ],
)  # fmt: skip
def test_nothing_is_beyond_what_was_published_or_has_two_names(read, path):
    path = path.replace("BEYOND", str(size_of(read("checkpoint")[2]) - BUNDLE + 1))
    for method in ("GET", "HEAD"):
        status, headers, _ = read(path, method)
        assert status == 404 and "immutable" not in (headers["Cache-Control"] or ""), path


def test_a_checkpoint_is_asked_for_anew(log, read):
    status, headers, before = read("checkpoint")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert read("checkpoint", If_None_Match=headers["ETag"])[::2] == (304, b"")
    assert read("checkpoint", "HEAD")[::2] == (200, b"")
    size = size_of(before)
    assert size >= BUNDLE + MORE
    assert add(log, size) == 201
    status, _, after = read("checkpoint", If_None_Match=headers["ETag"])
    assert (status, size_of(after)) == (200, size + 1)
