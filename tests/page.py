"""Pages of the documentation, whose commands and pieces of configuration tests use as they stand."""

import re
from pathlib import Path

from stack import run

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "docs/operations"


class Page:
    """One of docs/operations, or another file. What a test names of it and is not there, or not once, fails."""

    def __init__(self, name):
        self.file = OPERATIONS / name
        self.text = self.file.read_text()

    def blocks(self, *kinds):
        """The fenced blocks of these kinds; in a list item they are indented."""
        found = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", self.text, re.S | re.M)
        return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, kind, text in found if kind in kinds]

    def script(self, words):
        """The block of commands that has these words."""
        return one(self.blocks("sh", "console"), words)

    def fragment(self, words):
        """The piece of configuration that has these words."""
        return one(self.blocks("toml", "yaml"), words)

    def command(self, words):
        """A command of one line, in a block or within a sentence, that is this one or the only one to begin so."""
        lines = [line for block in self.blocks("sh", "console") for line in block.replace("\\\n", " ").splitlines()]
        commands = {text.partition(" #")[0].strip() for text in [*lines, *self.spans()] if text.startswith(words)}
        return words if words in commands else one(commands, words)

    def told(self, words):
        """What the page says that a program tells, which has these words."""
        return one(set(self.spans()), words)

    def spans(self):
        prose = re.sub(r"^ *```.*?^ *```$", "", self.text, flags=re.S | re.M)
        return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


class Reader:
    """Somebody at a shell who does what pages say, with names, times and places of their own."""

    def __init__(self, binary, folder, path=(), **env):
        """`folder` is where they are, with `sigstead.toml`; `path` has programs beside the system's."""
        self.folder = Path(folder)
        programs = self.folder.parent / f"{self.folder.name}-programs"
        programs.mkdir(exist_ok=True)
        if not (programs / "sigstead").is_symlink():
            (programs / "sigstead").symlink_to(binary)
        self.env = {"PATH": ":".join(map(str, [programs, *path, "/usr/bin", "/bin"])), "HOME": str(self.folder), **env}

    def __call__(self, text, meaning=(), ok=True, env=None):
        """Runs commands of a page; `meaning` has what the page says and what this reader means instead."""
        script = ["bash", "-euo", "pipefail", "-c", mean(text, dict(meaning))]
        result = run(script, ok=ok, cwd=self.folder, env={**self.env, **(env or {})})
        return result.stdout + result.stderr


def mean(text, meaning):
    """A text of a page with what its reader means instead of its examples."""
    for said in meaning:
        assert said in text, f"the page does not say {said!r}:\n{text}"
    # Longest first, in one go: what is put in is not looked at again.
    said = sorted(meaning, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, said)), lambda found: str(meaning[found[0]]), text) if said else text


def one(texts, words):
    found = [text for text in texts if words in text]
    assert len(found) == 1, f"{len(found)} texts of the page have {words!r}: {found}"
    return found[0]


def configure(file, fragment):
    """What a person does with a piece of configuration: keys replace those of their section, and [[lists]] grow."""
    # What stands above the first section is of a section without a name.
    text, fragment = f"\n[]\n{file.read_text()}", f"[]\n{fragment}"
    for header, keys in re.findall(r"^(\[+[\w.]*\]+)[^\n]*\n((?:(?!\[).*\n?)*)", fragment, re.M):
        begin = text.find(f"\n{header}\n")
        if begin < 0 or header.startswith("[["):
            text += f"\n{header}\n{keys}"
            continue
        begin += len(header) + 2
        end = text.find("\n[", begin) + 1 or len(text)
        section = text[begin:end]
        for key in re.findall(r"^([\w-]+) *=", keys, re.M):
            section = re.sub(rf"^{key} *=.*\n", "", section, flags=re.M)
        text = text[:begin] + keys + section + text[end:]
    file.write_text(text.removeprefix("\n[]\n"))
