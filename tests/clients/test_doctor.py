"""`sigstead doctor`, by docs/operations/doctor.md: all is well on a healthy stack, and what is broken is named by its own line."""

import re

import pytest

from clients.cosign import EMAIL
from page import Page, Reader
from stack import Stack, free_port, run

CHECKS = ["trust root", "tuf", "ca", "ct log", "log", "log promise", "log proof", "log search", "log v2", "tsa"]
PAGE = Page("doctor.md")


def doctor(stack, config, *arguments, ok=True):
    """The checks by their outcome, and everything that was told."""
    return outcomes_of(run([stack.binary, "doctor", "--config", config, *arguments], ok=ok).stdout)


def outcomes_of(told):
    lines = re.findall(r"^(ok|failed|skipped) +([a-z0-9 ]+): ", told, re.M)
    outcomes = {name: outcome for outcome, name in lines}
    assert list(outcomes) == CHECKS, told
    return outcomes, told


def broken(outcomes):
    return {name: outcome for name, outcome in outcomes.items() if outcome != "ok"}


@pytest.fixture
def changed(up_stack):
    """Writes the configuration with a text in a section replaced, beside the files that it names."""
    written = []

    def change(section, key, value):
        text = (up_stack.data / "sigstead.toml").read_text()
        pattern = rf'(?ms)(^\[{section}\]$(?:(?!^\[).)*?^{key} = )"[^"\n]*"'
        text, count = re.subn(pattern, rf'\g<1>"{value}"', text)
        assert count == 1, f"{section}.{key}"
        file = up_stack.data / f"changed-{section}-{key}.toml"
        file.write_text(text)
        written.append(file)
        return file

    yield change
    for file in written:
        file.unlink()


def test_a_healthy_stack(stack, tmp_path):
    reader = Reader(stack.binary, tmp_path / "desk")
    reader.folder.mkdir()
    if stack.issuing is stack:
        told = reader(PAGE.command("sigstead doctor --data"), {"sigstead-data": stack.data})
    else:
        (reader.folder / "token.txt").write_text(stack.token("--email", EMAIL))
        told = reader(PAGE.command("sigstead doctor --config"), {"sigstead.toml": stack.data / "sigstead.toml"})
    outcomes, told = outcomes_of(told)
    assert broken(outcomes) == {}, told


def test_the_page_explains_every_line():
    assert re.findall(r"^\| `(.*?)` \|", PAGE.text, re.M) == CHECKS


def test_a_promise_beside_the_certificate(binary, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGSTEAD_CA__SCT", "detached")
    with Stack.up(binary, tmp_path / "data") as stack:
        outcomes, told = doctor(stack, stack.data / "sigstead.toml")
    assert broken(outcomes) == {} and "every SCT of the certificate (1)" in told, told


@pytest.mark.parametrize(
    "section, path, expected",
    [
        ("ca", "", {"ca": "failed", "ct log": "skipped"}),
        ("log", "", {"log": "failed", "log promise": "skipped", "log proof": "skipped", "log search": "skipped"}),
        ("log_v2", "", {"log v2": "failed"}),
        ("tsa", "/api/v1/timestamp", {"tsa": "failed"}),
    ],
)
def test_a_service_that_is_not_there(section, path, expected, up_stack, changed):
    config = changed(section, "url", f"http://127.0.0.1:{free_port()}{path}")
    outcomes, told = doctor(up_stack, config, ok=False)
    assert broken(outcomes) == expected, told
    assert "was not reached" in told and "hint: is the service running" in told


@pytest.mark.parametrize(
    "section, expected, hint",
    [
        ("ct", {"ct log": "failed"}, "does ct.public_key name the key"),
        ("log", {"log promise": "failed", "log proof": "failed"}, "does public_key in this configuration name"),
        ("log_v2", {"log v2": "failed"}, "does public_key in this configuration name"),
    ],
)
def test_a_log_with_another_key_than_the_trust_root(section, expected, hint, up_stack, changed, tmp_path):
    key, public = tmp_path / "key", tmp_path / "public"
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    run(["openssl", "pkey", "-in", key, "-pubout", "-out", public])
    outcomes, told = doctor(up_stack, changed(section, "public_key", public), ok=False)
    assert broken(outcomes) == expected, told
    assert hint in told


@pytest.mark.parametrize(
    "section, expected", [("ca", {"ca": "failed", "ct log": "skipped"}), ("tsa", {"tsa": "failed"})]
)
def test_an_authority_with_another_chain_than_the_trust_root(
    section, expected, up_stack, changed, split_stack
):
    other = split_stack.data / f"{section}-authorities.toml"
    outcomes, told = doctor(up_stack, changed(section, "authorities", other), ok=False)
    assert broken(outcomes) == expected, told
    assert f"hint: do the certificates of [{section}] in this configuration" in told


def test_a_token_that_the_ca_does_not_believe(up_stack, tmp_path):
    token = tmp_path / "token"
    token.write_text(up_stack.token("--email", EMAIL, "--audience", "somebody-else"))
    outcomes, told = doctor(up_stack, up_stack.data / "sigstead.toml", "--identity-token", token, ok=False)
    assert broken(outcomes) == {"ca": "failed", "ct log": "skipped"}, told
    token.write_text("no token")
    outcomes, told = doctor(up_stack, up_stack.data / "sigstead.toml", "--identity-token", token, ok=False)
    assert broken(outcomes) == {"ca": "failed", "ct log": "skipped"} and "is no JWT" in told


def test_a_mirror_that_clients_cannot_follow(up_stack, changed):
    config = changed("trust", "url", f"http://127.0.0.1:{free_port()}")
    outcomes, told = doctor(up_stack, config, ok=False)
    assert broken(outcomes) == {"tuf": "failed"} and "hint: `sigstead trust lint http" in told, told


def test_a_trust_root_that_clients_refuse(up_stack, changed):
    config = changed("log", "since", "1970-01-01T00:00:00Z")
    outcomes, told = doctor(up_stack, config, ok=False)
    assert broken(outcomes) == {"trust root": "failed"}, told
    assert "tlogs[0].publicKey.validFor.start" in told
