"""Each command of ours that a page shows exists, with each of its options."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.zh.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = {"beacon-gateway": "beacon_gateway.cli", "beacon-central": "central_server.cli"}
VERBS = re.findall(r"^#   \./dev (\w+)", (ROOT / "dev").read_text("utf-8"), re.MULTILINE)
_SHOWN = re.compile(r"```(?:sh|console)\n(?P<block>.*?)```|`(?P<inline>[^`\n]+)`", re.DOTALL)
_END = {"|", "||", "&&", ";", ">", ">>", "2>", "&"}


def shown_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of ours: the program's name and what follows, up to a comment, pipe or `…`."""
    for match in _SHOWN.finditer(text):
        for line in (match["block"] or match["inline"]).replace("\\\n", " ").splitlines():
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                continue  # a sentence with an apostrophe
            words = words[words[:1] == ["sudo"] :]
            while words[:1] and (words[0].startswith("-") or "=" in words[0]):
                del words[: 2 if words[0] == "-u" else 1]  # an option of sudo, or a variable
            if words and (words[0] in PROGRAMS or words[0] == "./dev"):
                end = next((n for n, word in enumerate(words) if word in _END), len(words))
                yield [word for word in words[:end] if word not in ("…", "...")]


def find_fault(words: list[str]) -> str | None:
    """Return what is wrong with a command, or None. Values are not checked: pages show names such as FILE."""
    name, *rest = words
    if name == "./dev":
        return None if not rest or rest[0] in VERBS else f"no verb {rest[0]}"
    command: Any = typer.main.get_command(import_module(PROGRAMS[name]).app)
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith("-"):
            break
        below = command.commands.get(rest[0])
        if below is None:
            return f"no command {rest[0]}"
        command, rest = below, rest[1:]
    known = {"--help", *(each for parameter in command.params for each in (*parameter.opts, *parameter.secondary_opts))}
    options = [word.partition("=")[0].rstrip(",.") for word in rest if word.startswith("-") and len(word) > 1]
    return next((f"no option {option}" for option in options if option not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_shown_command_exists(page: Path) -> None:
    found = [(" ".join(words), find_fault(words)) for words in shown_commands(page.read_text("utf-8"))]
    assert [(words, fault) for words, fault in found if fault] == []


def test_commands_are_found_and_a_wrong_one_is_seen() -> None:
    shown = [words for page in PAGES for words in shown_commands(page.read_text("utf-8"))]
    assert len(shown) > 100
    assert find_fault(["beacon-gateway", "sync", "statis"]) == "no command statis"
    assert find_fault(["beacon-central", "user", "add", "NAME", "--colour"]) == "no option --colour"
    assert find_fault(["./dev", "tset"]) == "no verb tset"
