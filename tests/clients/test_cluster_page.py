"""docs/operations/verify-in-the-cluster.md: all but kubectl is run, and the controllers' packages take what kubectl would apply."""

import re
import shlex
import shutil

from clients.cosign import EMAIL, environment
from clients.test_admission import Controller
from conftest import CLIENTS
from page import ROOT, Page, Reader, mean
from stack import run

PAGE = Page("verify-in-the-cluster.md")
LINES = [line for block in PAGE.blocks("console") for line in block.replace("\\\n", " ").splitlines()]


def here(line, stack, image):
    """What the page says, with the names of this machine."""
    meant = {
        "https://trust.example.com": stack.urls["trust"],
        "https://ca.example.com": stack.urls["ca"],
        "https://log.example.com": stack.urls["log"],
        "https://login.example.com": stack.issuer,
        "you@example.com": EMAIL,
        "registry.example.com/app@sha256:…": f"--allow-insecure-registry {image}",
        "registry.example.com": image.split("/")[0],
    }
    return mean(line, {said: is_meant for said, is_meant in meant.items() if said in line})


def test_the_page_s_commands(up_stack, image, work):
    shutil.copy(up_stack.urls["tuf_root"], work / "root.json")
    shutil.copy(up_stack.document("trusted_root.json"), work)
    reader = Reader(up_stack.binary, work, path=[CLIENTS], COSIGN_YES="true", SIGSTORE_ID_TOKEN=up_stack.token("--email", EMAIL))
    notes = "".join(reader(here(line, up_stack, image)) for line in LINES if not line.startswith("kubectl "))
    assert "it reads trusted_root_rekor_v1.json" in notes
    for name in ("policy-controller", "kyverno"):
        assert f"kubectl apply -f {name}.yaml" in LINES
        run([CLIENTS / name, work / f"{name}.yaml", image], env=environment({"HOME": str(work)}))
    assert {file.name for file in (work / "cosign").iterdir()} == {"trusted_root.json", "signing_config.v0.2.json"}


def test_what_kubectl_waits_for_is_what_is_made(up_stack, work):
    controller = Controller("policy-controller", up_stack, work)
    made = re.findall(r"^kind: (\w+)\nmetadata:\n  name: (\w+)$", controller.export().stdout, re.M)
    (wait,) = [shlex.split(line) for line in LINES if line.startswith("kubectl wait")]
    assert [f"{kind.lower()}/{name}" for kind, name in made] == wait[3:]


def test_versions_are_those_that_are_tested():
    for name, module in [("policy-controller", "sigstore/policy-controller"), ("kyverno", "kyverno/kyverno")]:
        version = re.search(rf"github.com/{module} v(\S+)", (ROOT / f"tests/cluster/{name}/go.mod").read_text())[1]
        assert f"({version})" in PAGE.text
