"""Every page of docs/operations: it says when one is done, is found, is run by a test, and names commands and files that there are."""

import re

import pytest

from page import OPERATIONS, ROOT, Page
from stack import run

PAGES = sorted(file.name for file in OPERATIONS.glob("*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Its sections are alerts: test_monitoring.py asks for each that it says when one is done.
IN_SECTIONS = {"alerts.md"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_when_one_is_done(name):
    page = Page(name)
    assert name in IN_SECTIONS or page.text.rpartition("\n## ")[2].startswith("Done when\n\n"), "its end"
    assert f"docs/operations/{name})" in (ROOT / "README.md").read_text(), "the README lists it"
    tests = [file for file in (ROOT / "tests").rglob("test_*.py") if re.search(rf'Page\("{name}"\)', file.read_text())]
    named = [file for file in (ROOT / "tests/deploy/deployed.py",) if f'Page("{name}")' in file.read_text()]
    assert tests or named, "no test runs it"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_names_is_there(document, binary):
    text = document.read_text()
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (document.parent / link).exists(), link
    for path in re.findall(r"\bdocs/[a-z/-]+\.md\b", text):
        assert (ROOT / path).exists(), path
    for command in commands(document):
        words, flags = called(command)
        told = run([binary, *words, "--help"]).stdout
        for flag in flags:
            assert re.search(rf"(?<![\w-]){flag}(?![\w-])", told), f"{command}: there is no {flag}"


def commands(document):
    """Calls of sigstead, in blocks and within sentences; a `…` stands for several."""
    page = Page(document)
    lines = [line.strip() for block in page.blocks("sh", "console") for line in block.replace("\\\n", " ").splitlines()]
    return [text for text in [*lines, *page.spans()] if text.startswith("sigstead ") and " … " not in text]


def called(command):
    """Subcommands, and flags; of `ca|tsa` the first, and nothing of what the call is piped into."""
    words = command.split(" #")[0].split(" | ")[0].split()[1:]
    path = []
    for word in (word.split("|")[0] for word in words):
        if not re.fullmatch(r"[a-z][a-z0-9-]*", word):
            break
        path.append(word)
    return path, {word.split("=")[0] for word in words if re.fullmatch(r"--[a-z][a-z-]*(=.*)?", word)}
