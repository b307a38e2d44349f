"""The README's first success, word for word: its commands are run."""

from conftest import CLIENTS
from page import ROOT, Page, Reader
from stack import Stack

README = Page(ROOT / "README.md")


def test_the_first_commands_of_the_readme(binary, tmp_path):
    with Stack.up(binary, tmp_path / "sigstead-data") as stack:
        meaning = {"./target/release/sigstead": binary, "http://127.0.0.1:5556": stack.issuer}
        told = Reader(binary, tmp_path, path=[CLIENTS])(README.script("sign-blob"), meaning)
    assert "Verified OK" in told
