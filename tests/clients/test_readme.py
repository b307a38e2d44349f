"""The README's first success, word for word: its commands are run."""

import re
from pathlib import Path

from clients.cosign import environment
from conftest import CLIENTS
from stack import Stack, run

README = Path(__file__).parents[2] / "README.md"


def test_the_first_commands_of_the_readme(binary, tmp_path):
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), re.S)
    script = next(block for block in blocks if "sign-blob" in block)
    with Stack.up(binary, tmp_path / "sigstead-data") as stack:
        script = script.replace("./target/release/sigstead", str(binary)).replace("http://127.0.0.1:5556", stack.issuer)
        env = environment({"HOME": str(tmp_path), "PATH": f"{CLIENTS}:/usr/bin:/bin"})
        result = run(["bash", "-euxc", script], cwd=tmp_path, env=env)
    assert "Verified OK" in result.stdout + result.stderr
