"""A CA with two CT logs: certificates with two SCTs, with one of either, and beside the certificate."""

import json
import sys
from pathlib import Path

import pytest

from clients.cosign import EMAIL, Cosign2, Cosign3, environment
from stack import Program, Stack, answers, free_port, run, wait_for

SIGSTORE = Path(sys.executable).with_name("sigstore")


@pytest.fixture(scope="module")
def second_log(binary, tmp_path_factory):
    """A CT log with a key and a database of its own, for a CA that is made here too; its flags for that CA."""
    folder = tmp_path_factory.mktemp("ct-logs")
    for name in ("first", "second"):
        Stack.up(binary, folder / name).stop()
    address = f"127.0.0.1:{free_port()}"
    settings = [f"ct.listen={address}", f"ct.roots={folder / 'first' / 'ca-chain.pem'}", "admin.listen=127.0.0.1:0"]
    flags = [part for setting in settings for part in ("--set", setting)]
    program = Program([binary, "ct", "--config", folder / "second" / "sigstead.toml", *flags], folder / "ct.log")
    wait_for(lambda: answers(f"http://{address}/ct/v1/get-sth"), "the second CT log")
    log = f'{{url = "http://{address}", public_key = "{folder / "second" / "ct.pub"}", since = "2026-01-01T00:00:00Z"}}'
    yield folder / "first", f"[{log}]"
    program.stop()


@pytest.fixture
def with_logs(binary, second_log, monkeypatch):
    """Starts a stack whose CA knows both logs."""
    stacks = []

    def with_logs(**settings):
        data, logs = second_log
        for key, value in {"ct_logs": logs, **settings}.items():
            monkeypatch.setenv(f"SIGSTEAD_CA__{key.upper()}", str(value))
        stacks.append(Stack.up(binary, data))
        return stacks[-1]

    yield with_logs
    for stack in stacks:
        stack.stop()


def sigstore_python(stack, work, blob, ok=True):
    config = ["--trust-config", stack.document("client_trust_config.json")]
    env = environment({"HOME": str(work)})
    bundle = ["--bundle", work / "python.json"]
    token = stack.token("--email", EMAIL)
    result = run([SIGSTORE, *config, "sign", "--overwrite", "--identity-token", token, *bundle, blob], ok=ok, cwd=work, env=env)
    if ok:
        who = ["--cert-identity", EMAIL, "--cert-oidc-issuer", stack.issuer]
        run([SIGSTORE, *config, "verify", "identity", *bundle, *who, blob], cwd=work, env=env)
    return result


def newest(stack):
    config = ["--config", stack.data / "sigstead.toml"]
    return json.loads(run([stack.binary, "ca", "audit", *config, "--json", "--limit", "1"]).stdout)


def test_two_scts(with_logs, blob, work):
    stack = with_logs(ct_needed=2)
    logs = json.loads(stack.document("trusted_root.json").read_text())["ctlogs"]
    assert len(logs) == 2
    cosign, bundle = Cosign3(stack, work), ["--bundle", work / "bundle.json"]
    cosign("sign-blob", *cosign.signing(), *bundle, blob)
    cosign("verify-blob", *cosign.trust(), *cosign.identity(), *bundle, blob)
    assert len({sct["logId"] for sct in newest(stack)["scts"]}) == 2
    refusal = sigstore_python(stack, work, blob, ok=False)
    assert "one certificate timestamp, found 2" in refusal.stdout + refusal.stderr


def test_cosign_2_with_two_scts(with_logs, blob, work):
    """By environment it knows one log's key and checks every SCT; by trusted root it knows both logs."""
    stack = with_logs(ct_needed=2)
    cosign = Cosign2(stack, work)
    bundle = ["--new-bundle-format", "--bundle", work / "bundle.json"]
    refused = cosign("sign-blob", *cosign.signing(), *bundle, blob, ok=False)
    assert "ctfe public key not found" in refused.stderr
    cosign("sign-blob", "--insecure-skip-verify", *cosign.signing(), *bundle, blob)
    trusted_root = ["--trusted-root", stack.document("trusted_root.json")]
    cosign("verify-blob", *trusted_root, *cosign.identity(), *bundle, blob)


@pytest.mark.parametrize("version", [Cosign2, Cosign3])
def test_a_spare_log_steps_in(version, with_logs, second_log, blob, work):
    """The preferred log is away: the other one's SCT is as good, to every client."""
    stack = with_logs(ct_url=f"http://127.0.0.1:{free_port()}")
    sigstore_python(stack, work, blob)
    (sct,) = newest(stack)["scts"]
    cosign = version(stack, work)
    second_key = {"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": str(second_log[0].parent / "second" / "ct.pub")}
    bundle = ["--bundle", work / "bundle.json"]
    cosign("sign-blob", *cosign.signing(), *bundle, blob, env=second_key)
    cosign("verify-blob", *cosign.trust(), *cosign.identity(), *bundle, blob, env=second_key)
    assert newest(stack)["scts"][0]["logId"] == sct["logId"]


def test_a_detached_sct(with_logs, second_log, blob, work):
    """Cosign 2 checks the SCT of the header; the bundle has no place for it, so that verifiers must be told."""
    stack = with_logs(sct="detached", ct_logs="[]")
    cosign, bundle = Cosign2(stack, work), ["--bundle", work / "bundle.json"]
    other_key = {"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": str(second_log[0].parent / "second" / "ct.pub")}
    refused = cosign("sign-blob", *cosign.signing(), *bundle, blob, ok=False, env=other_key)
    assert "verifying SCT" in refused.stderr
    cosign("sign-blob", *cosign.signing(), *bundle, blob)
    cosign("verify-blob", *cosign.trust(), *cosign.identity(), *bundle, blob, ok=False)
    cosign("verify-blob", "--insecure-ignore-sct", *cosign.trust(), *cosign.identity(), *bundle, blob)
    assert len(newest(stack)["scts"]) == 1
