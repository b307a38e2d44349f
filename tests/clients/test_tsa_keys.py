"""A timestamp authority whose key is in Vault or AWS KMS, under chains of two and of four up to the organization's root."""

import urllib.request

import pytest

from clients.test_keys import data, services  # noqa: F401
from clients.test_openssl_ts import stamp
from organization import Operator, Organization
from stack import Alone, run


@pytest.fixture
def organization(work):
    """With one more authority below its policy's."""
    made = Organization(work / "organization")
    made.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "issuing.key")
    made.openssl("req", "-new", "-key", "issuing.key", "-subj", "/O=Example/CN=Example issuing CA", "-out", "issuing.csr",
                 "-addext", "basicConstraints=critical,CA:true,pathlen:0", "-addext", "keyUsage=critical,keyCertSign")
    made.sign("issuing.csr", "issuing.pem")
    return made


@pytest.fixture(params=["hashivault://tsa", "awskms:///alias/tsa"])
def key(request, services):  # noqa: F811
    """Nothing has that name yet."""
    return request.param


@pytest.mark.parametrize("above", [["root"], ["issuing", "policy", "root"]], ids=["chain of 2", "chain of 4"])
def test_timestamps_verify_by_the_organizations_root_alone(above, key, data, binary, organization, blob, work):  # noqa: F811
    (data / "tsa-authorities.toml").unlink()
    operate, csr = Operator(binary, data), organization.folder / "tsa.csr"
    assert "was made" in operate("tsa", "init", "--csr", csr, "--key", key, "--key-kind", "p384")
    signed = organization.sign(csr, "tsa.pem", by=above[0])
    told = operate("tsa", "import", "--key", key, signed, *above_files(organization, above[1:]), ok=False)
    assert "the chain" in told, "one is missing"
    operate("tsa", "import", "--key", key, signed, *above_files(organization, above))

    authority = Alone(binary, "tsa", data / "sigstead.toml", work / "tsa.log")

    def part(name):
        with urllib.request.urlopen(f"{authority.urls['tsa']}/certchain?part={name}") as answer:
            (work / f"{name}.pem").write_bytes(answer.read())
        return work / f"{name}.pem"

    run(["openssl", "ts", "-query", "-data", blob, "-sha256", "-out", work / "q.tsq"])
    (work / "r.tsr").write_bytes(stamp(authority, work / "q.tsq"))
    assert part("root").read_text().strip() == (organization.folder / "root.pem").read_text().strip()
    assert part("untrusted").read_text().count("BEGIN CERTIFICATE") == len(above)
    run(["openssl", "ts", "-verify", "-in", work / "r.tsr", "-queryfile", work / "q.tsq",
         "-CAfile", organization.folder / "root.pem", "-untrusted", work / "untrusted.pem"])
    assert authority.program.stop() == 0


def above_files(organization, names):
    return [organization.folder / f"{name}.pem" for name in names]
