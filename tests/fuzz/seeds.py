"""Writes seeds for each target from the test data of the crates: real inputs get deep at once."""

import base64
import io
import json
import sys
import zipfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows(path):
    for line in path.read_text().splitlines():
        if line.strip():
            yield json.loads(line)


def entries():
    for file in sorted((ROOT / "crates/entry/testdata").rglob("*.jsonl")):
        for row in rows(file):
            for name in ("request", "entry", "canonicalBody"):
                found = row.get(name) if isinstance(row, dict) else None
                if found:
                    yield (found if isinstance(found, str) else json.dumps(found)).encode()


def files(*patterns):
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            if file.is_file():
                yield file.read_bytes()


# In the order of the target `key`.
FORMATS = ["x509", "pgp", "minisign", "ssh", "tuf"]


def keys():
    for file in files("crates/*/testdata/**/*.pub", "crates/*/testdata/**/*.pem"):
        yield bytes([FORMATS.index("x509")]) + file
    found = set()
    for file in sorted((ROOT / "crates/entry/testdata/artifacts").glob("*.jsonl")):
        found.update(key for row in rows(file) if "entry" in row for key in keys_of(row["entry"]))
    assert {format for format, _ in found} == set(FORMATS), "a format without a real key"
    for format, key in sorted(found):
        yield bytes([FORMATS.index(format)]) + key


def keys_of(entry):
    """The format and the bytes of an entry's key, if it has one in base64."""
    spec, kind = entry["spec"], entry["kind"]
    format, holder = {
        "rekord": lambda: (spec["signature"]["format"], spec["signature"]),
        "helm": lambda: ("pgp", spec),
        "rpm": lambda: ("pgp", spec),
        "tuf": lambda: ("tuf", {"publicKey": spec["root"]}),
    }.get(kind, lambda: (None, {}))()
    content = holder.get("publicKey", {}).get("content")
    if isinstance(content, str):
        yield format, base64.b64decode(content)


def submissions():
    for file in files("crates/x509/testdata/rekor-entry.pem"):
        chain = ["".join(part.split("-----")[0].split()) for part in file.decode().split("-----BEGIN CERTIFICATE-----")[1:]]
        for endpoint in (b"\0", b"\1"):
            yield endpoint + json.dumps({"chain": chain * 2}).encode()


def artifacts(*kinds):
    for name in ("packages", "openpgp"):
        for row in rows(ROOT / f"crates/entry/testdata/artifacts/{name}.jsonl"):
            if row.get("entry", {}).get("kind") in kinds:
                yield row["entry"]["kind"], row["entry"]["spec"]


# In the order of the target `package`.
KINDS = ["alpine", "jar", "rpm", "helm"]


def packages():
    for kind, spec in artifacts(*KINDS):
        file = spec.get("package") or spec.get("archive") or spec["chart"]["provenance"]
        if "content" in file:
            key = base64.b64decode(spec["publicKey"]["content"]) if kind in ("rpm", "helm") else None
            keyed = b"" if key is None else len(key).to_bytes(2, "big") + key
            yield bytes([KINDS.index(kind)]) + keyed + base64.b64decode(file["content"])


def certificates():
    yield from files("crates/*/testdata/**/*.pem", "crates/*/testdata/**/*.der")
    # PKCS#7 as Java archives have it.
    for _, spec in artifacts("jar"):
        try:
            archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(spec["archive"]["content"])))
            yield from (archive.read(name) for name in archive.namelist() if name.endswith((".RSA", ".EC", ".DSA")))
        except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error):
            continue  # Some are damaged on purpose.


SEEDS = {
    "entry": entries,
    "entry_v2": lambda: [
        b'{"hashedRekordRequestV002":{"digest":"Z9oB6KzyM5DzjLNGYbLwssMx6+blCZjTMu+r0bk99dk=","signature":{"content":"MEQCIDq2m1Bl1+/714tX8Sk79EFylxC7MwpJi9gL6zgiPR77AiAmy9XAgLfyADV16/RX2U/N56VL6JT3JL+uW12VqJO1Eg==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENOtFAHhNoJqZqLzxGuqnVcUvDSYiuhnhcOwQDHmHI0mvXZr1NQVSAu20jroJ8jUrPgGADqzi/09Y5tE6ERRKRw=="}}}}}',
        b'{"dsseRequestV002":{"envelope":{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJwcmVkaWNhdGVUeXBlIjoidCIsInN1YmplY3QiOlt7Im5hbWUiOiJhIiwiZGlnZXN0Ijp7InNoYTI1NiI6ImFiIn19XX0=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"0wUOfxJ0TLl/z9PYS4XCMGcn/AYy3LONyLJ9wyJE3KvZ7XH51BoDt9OIClvfzsr0qaqlW2w8WEA5iWNIvjH+Bw=="}]},"verifiers":[{"keyDetails":"PKIX_ED25519","publicKey":{"rawBytes":"MCowBQYDK2VwAyEAR0VAKPg/ZjOROgly7c9Gl3zC9rjomNU8jrJf7Aujh0A="}}]}}',
    ],
    "key": keys,
    "package": packages,
    "note": lambda: [
        "rekor-local\n1\ngvFtvaxmuFObaqPGx0t6Kgp0jVkMofI1ph0XjYGynzk=\n\n\u2014 rekor-local Jd/0u7kTI/DrJb1mBNoz5BYc00l47AYy1BRn5ihFnGoDP531O117huL/bgr2mHVWA9TKaOtr4TwuwF7W9mWRAlzb+QQ=\n".encode(),
    ],
    "tile_url": lambda: [b"x001/x234/067", b"0/x001/x234/067.p/112", b"000.p/255", b"63/000"],
    "certificate": certificates,
    "submission": submissions,
    "witness": lambda: [
        b"old 0\n\nlog.example\n1\ngvFtvaxmuFObaqPGx0t6Kgp0jVkMofI1ph0XjYGynzk=\n\n\xe2\x80\x94 log.example Jd/0u7kTI/DrJb1mBNoz5BYc00l47AYy\n",
        b"old 1\ngvFtvaxmuFObaqPGx0t6Kgp0jVkMofI1ph0XjYGynzk=\n\nlog.example\n2\ngvFtvaxmuFObaqPGx0t6Kgp0jVkMofI1ph0XjYGynzk=\n\n\xe2\x80\x94 log.example Jd/0u7k=\n",
        b"log sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8 https://sum.golang.org\nquorum none\n",
        b"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ],
    "timestamp": lambda: [
        b"\0" + bytes.fromhex("30390201013031300d0609608648016503040201050004") + b"\x20" + bytes(32) + bytes.fromhex("0101ff"),
        b'\1{"artifactHash":"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=","certificates":true,"hashAlgorithm":"sha256","nonce":1123343434,"tsaPolicyOID":"1.2.3.4"}',
    ],
    "issuers": lambda: [
        b"oidc-issuers:\n  https://a.example:\n    issuer-url: https://a.example\n    client-id: sigstore\n    type: email\n",
        b'{"OIDCIssuers":{"https://a.example":{"IssuerURL":"https://a.example","ClientID":"sigstore","Type":"spiffe","SPIFFETrustDomain":"d"}}}',
        b"meta-issuers:\n  https://*.b.example/id/*:\n    client-id: sigstore\n    type: kubernetes\n",
    ],
}

folder = Path(sys.argv[1])
for target, seeds in SEEDS.items():
    (folder / target).mkdir(parents=True, exist_ok=True)
    count = 0
    for count, seed in enumerate(seeds(), 1):
        (folder / target / f"seed-{count}").write_bytes(seed)
    assert count > 0, f"{target} has no seeds"
