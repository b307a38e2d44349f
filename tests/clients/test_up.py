"""`sigstead up` itself: what it prints and makes, how it starts again, stops, and refuses."""

import json
import re
import signal
import stat

from stack import Stack, run


def test_keys_are_private_and_kept(binary, tmp_path):
    data = tmp_path / "data"
    with Stack.up(binary, data):
        keys = {file.name: file.read_bytes() for file in (data / "keys").iterdir()}
        assert keys, "no keys were made"
        for file in [*(data / "keys").iterdir(), data / "sigstead.db", data / "dev-issuer.secret"]:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        first = json.loads((data / "trusted_root.json").read_text())
    with Stack.up(binary, data) as again:
        assert {file.name: file.read_bytes() for file in (data / "keys").iterdir()} == keys
        second = json.loads(again.get("trust", "/trusted_root.json"))
    ids = lambda root: [log["logId"] for log in root["tlogs"] + root["ctlogs"]]
    assert ids(first) == ids(second)


def test_entries_survive_a_restart(binary, tmp_path):
    with Stack.up(binary, tmp_path / "data") as stack:
        before = json.loads(stack.get("log", "/api/v1/log"))
    with Stack.up(binary, tmp_path / "data") as stack:
        after = json.loads(stack.get("log", "/api/v1/log"))
    assert (after["treeID"], after["treeSize"], after["rootHash"]) == (
        before["treeID"],
        before["treeSize"],
        before["rootHash"],
    )


def test_stops_cleanly(binary, tmp_path):
    for how in (signal.SIGINT, signal.SIGTERM):
        assert Stack.up(binary, tmp_path / "data").stop(how) == [0]


def test_a_second_up_is_told_who_holds_the_data(binary, tmp_path):
    with Stack.up(binary, tmp_path / "data") as stack:
        ports = [part for name in Stack.PORTS for part in (f"--{name}-port", "0")]
        second = run([binary, "up", "--data", tmp_path / "data", *ports], ok=False)
        assert f"process {stack.programs[0].process.pid}" in second.stderr


def test_a_port_in_use_is_named_with_the_way_out(binary, tmp_path):
    with Stack.up(binary, tmp_path / "one") as stack:
        port = stack.urls["log"].rsplit(":", 1)[1]
        ports = [part for name in Stack.PORTS for part in (f"--{name}-port", port if name == "log" else "0")]
        second = run([binary, "up", "--data", tmp_path / "two", *ports], ok=False)
        assert port in second.stderr and "--log-port" in second.stderr and "hint" in second.stderr


def test_the_development_issuer_stays_on_loopback(binary, tmp_path):
    ports = [part for name in Stack.PORTS for part in (f"--{name}-port", "0")]
    refused = run([binary, "up", "--data", tmp_path / "data", "--listen", "0.0.0.0", *ports], ok=False)
    assert "loopback" in refused.stderr


def test_the_report_names_what_was_started(binary, tmp_path):
    with Stack.up(binary, tmp_path / "data") as stack:
        for name in ("ca", "log", "tsa", "ct", "trust", "issuer", "admin"):
            assert re.match(r"http://127\.0\.0\.1:\d+", stack.urls[name]), name
        assert b"SERVING" in stack.get("admin", "/healthz")
        assert b"READY" in stack.get("admin", "/readyz")
        assert b"sigstead_" in stack.get("admin", "/metrics")


def test_client_commands_print_what_is_served(up_stack, binary):
    data = ["--data", up_stack.data]
    for command, name in [("trusted-root", "trusted_root.json"), ("signing-config", "signing_config.v0.2.json")]:
        printed = run([binary, "client", command, *data]).stdout
        assert json.loads(printed) == json.loads(up_stack.get("trust", f"/{name}"))
    assert "COSIGN_TRUSTED_ROOT" in run([binary, "client", "env", "cosign", *data]).stdout
    assert up_stack.urls["log"] in run([binary, "client", "env", "rekor-cli", *data]).stdout


def test_the_configuration_checks_out(up_stack, binary):
    run([binary, "config", "check", "--config", up_stack.data / "sigstead.toml"])
    broken = ["--set", "log.key=file:keys/nowhere.key"]
    answer = run([binary, "config", "check", "--config", up_stack.data / "sigstead.toml", *broken], ok=False)
    assert "nowhere.key" in answer.stdout


def test_audits_pass_on_what_the_clients_wrote(stack, binary):
    for log in ("log", "ct"):
        run([binary, log, "audit", "--config", stack.data / "sigstead.toml"])
