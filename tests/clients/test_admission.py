"""policy-controller and Kyverno, by their own packages, admit what `sigstead trust export` lets them believe."""

import json
import re

import pytest
from tuf.api.metadata import TargetFile

from clients.cosign import EMAIL, Cosign2, Cosign3, environment
from clients.tuf_repository import Hand, Mirror, sha256
from conftest import CLIENTS
from stack import run

REGISTRY = ["--allow-insecure-registry"]
STRANGER = re.compile("none of the expected identities matched|no matching CertificateIdentity")
NO_LOG = re.compile("rekor log public key not found|no Rekor public keys found")
SLSA = "https://slsa.dev/provenance/v1"
PREDICATE = {
    "buildDefinition": {"buildType": "https://example.org/build", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://example.org/builder"}},
}


class Old(Cosign3):
    """cosign 3, as it signs for readers that know no bundles."""

    def signing(self):
        urls = self.stack.urls
        services = ["--use-signing-config=false", "--fulcio-url", urls["ca"], "--rekor-url", urls["log"]]
        return ["--new-bundle-format=false", "--identity-token", self.token_file(), *services, *self.trust()]


class Controller:
    """An admission controller, and what it is given to believe."""

    def __init__(self, name, stack, work, follows=True):
        self.name, self.stack, self.work = name, stack, work
        self.tuf = ["--tuf-root", stack.urls["tuf_root"]] if follows else []

    def export(self, *flags, email=EMAIL, issuer=None):
        who = ["--identity", email, "--issuer", issuer or self.stack.issuer]
        return run([self.stack.binary, "trust", "export", self.name, self.stack.urls["trust"], *self.tuf, *who, *flags])

    def __call__(self, image, *flags, ok=True, **who):
        return self.judge(image, self.export(*flags, **who).stdout, ok)

    def judge(self, image, manifests, ok=True):
        file = self.work / f"{self.name}.yaml"
        file.write_text(manifests)
        home = environment({"HOME": str(self.work)})
        return run([CLIENTS / self.name, file, image], ok=ok, cwd=self.work, env=home).stderr


def sign(cosign, image, *flags):
    cosign("sign", *REGISTRY, *cosign.signing(), *flags, image)


def attest(cosign, image):
    predicate = cosign.work / "predicate.json"
    predicate.write_text(json.dumps(PREDICATE))
    cosign("attest", *REGISTRY, *cosign.signing(), "--type", "slsaprovenance1", "--predicate", predicate, image)


@pytest.fixture(params=[False, True], ids=["copies", "TUF"])
def policy_controller(request, up_stack, work):
    return Controller("policy-controller", up_stack, work, follows=request.param)


@pytest.fixture
def kyverno(up_stack, work):
    return Controller("kyverno", up_stack, work)


def admits(controller, image, *flags):
    controller(image, *flags)
    assert STRANGER.search(controller(image, *flags, email="mallory@example.org", ok=False))
    controller(image, *flags, issuer="https://elsewhere.example", ok=False)


@pytest.mark.parametrize("version", [Cosign2, Old])
def test_policy_controller_admits_signed_images(version, policy_controller, up_stack, image, work):
    policy_controller(image, ok=False)
    sign(version(up_stack, work), image)
    admits(policy_controller, image)
    policy_controller(image, "--image", image.split("/")[0] + "/**")
    assert "is uncovered by policy" in policy_controller(image, "--image", "elsewhere.example/**", ok=False)


@pytest.mark.parametrize("version", [Cosign2, Old])
def test_policy_controller_admits_attested_images(version, policy_controller, up_stack, image, work):
    sign(version(up_stack, work), image)
    policy_controller(image, "--attestation", SLSA, ok=False)
    attest(version(up_stack, work), image)
    admits(policy_controller, image, "--attestation", SLSA)


def test_policy_controller_admits_stamped_images(policy_controller, up_stack, image, work):
    cosign = Cosign2(up_stack, work)
    sign(cosign, image, "--timestamp-server-url", up_stack.urls["tsa"], "--tlog-upload=false")
    policy_controller(image, ok=False)
    admits(policy_controller, image, "--timestamps")


def test_policy_controller_s_limits_are_told(up_stack, image, work):
    """What it does with bundles; when it learns more, the export may too."""
    controller = Controller("policy-controller", up_stack, work)
    assert "verifies no bundles with a trust root of one's own" in controller.export().stderr
    sign(Cosign3(up_stack, work), image)
    assert "no signatures found" in controller(image, ok=False)
    # The whole trusted root has a Rekor v2 log with an Ed25519 key.
    whole = controller.export().stdout.replace("trusted_root_rekor_v1.json", "trusted_root.json")
    assert "is not ecdsa.PublicKey" in controller.judge(image, whole, ok=False)


@pytest.mark.parametrize("version", [Cosign2, Cosign3])
def test_kyverno_admits_signed_images(version, kyverno, up_stack, image, work):
    kyverno(image, ok=False)
    sign(version(up_stack, work), image)
    admits(kyverno, image)


@pytest.mark.parametrize("version", [Cosign2, Cosign3])
def test_kyverno_admits_attested_images(version, kyverno, up_stack, image, work):
    kyverno(image, "--attestation", SLSA, ok=False)
    attest(version(up_stack, work), image)
    admits(kyverno, image, "--attestation", SLSA)
    kyverno(image, "--attestation", "https://spdx.dev/Document", ok=False)


def test_kyverno_admits_stamped_images(kyverno, up_stack, image, work):
    sign(Cosign3(up_stack, work), image)
    admits(kyverno, image, "--timestamps")


def test_kyverno_needs_a_repository(up_stack):
    who = ["--identity", EMAIL, "--issuer", up_stack.issuer]
    refused = run([up_stack.binary, "trust", "export", "kyverno", up_stack.urls["trust"], *who], ok=False)
    assert "takes trust from a TUF repository alone" in refused.stderr


@pytest.mark.parametrize("name, target", [("policy-controller", "trusted_root_rekor_v1.json"), ("kyverno", "trusted_root.json")])
def test_what_changes_is_followed(name, target, up_stack, image, work):
    """The manifests stay; a log that the repository does not name any more is not believed."""
    sign(Cosign2(up_stack, work), image)
    controller = Controller(name, up_stack, work)
    with Mirror(up_stack.data / "tuf", work / "mirror") as mirror:
        follow = ["--mirror", mirror.url]
        controller(image, *follow)
        root = json.loads(up_stack.get("trust", f"/{target}"))
        root["tlogs"] = []
        content = json.dumps(root).encode()
        (mirror.folder / "targets" / f"{sha256(content)}.{target}").write_bytes(content)
        file = TargetFile.from_data(target, content, ["sha256"])

        def change(targets):
            targets.targets[target] = file
            # Kyverno asks for it first.
            targets.targets.pop("rekor.pub")

        Hand(up_stack.data, mirror).publish(change)
        assert NO_LOG.search(controller(image, *follow, ok=False))
