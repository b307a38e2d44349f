"""openssl makes timestamp queries and verifies every answer."""

import urllib.request

import pytest

from stack import run


def stamp(stack, query):
    request = urllib.request.Request(
        stack.urls["tsa"], data=query.read_bytes(), headers={"Content-Type": "application/timestamp-query"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "application/timestamp-reply"
        return answer.read()


@pytest.mark.parametrize("nonce", [True, False], ids=["nonce", "no nonce"])
@pytest.mark.parametrize("certificate", [True, False], ids=["certificate", "no certificate"])
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_every_answer_verifies(digest, certificate, nonce, stack, blob, work):
    flags = [f"-{digest}", *(["-cert"] if certificate else []), *([] if nonce else ["-no_nonce"])]
    run(["openssl", "ts", "-query", "-data", blob, *flags, "-out", work / "q.tsq"])
    (work / "r.tsr").write_bytes(stamp(stack, work / "q.tsq"))
    chain = stack.document("tsa.certchain.pem")
    verify = ["openssl", "ts", "-verify", "-in", work / "r.tsr", "-CAfile", chain, "-untrusted", chain]
    run([*verify, "-queryfile", work / "q.tsq"])
    run([*verify, "-data", blob])
    other = work / "other"
    other.write_text("not what was stamped")
    run([*verify, "-data", other], ok=False)


def test_serials_differ(stack, blob, work):
    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-out", work / "q.tsq"])
    serials = set()
    for number in range(5):
        file = work / f"{number}.tsr"
        file.write_bytes(stamp(stack, work / "q.tsq"))
        text = run(["openssl", "ts", "-reply", "-in", file, "-text"]).stdout
        serials.add(next(line for line in text.splitlines() if line.startswith("Serial number")))
    assert len(serials) == 5
