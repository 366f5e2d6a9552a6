"""docs/events.md explains each event that the programs log, with its level, and no other."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from daemonkit.web.guards import _REFUSAL_EVENTS
from tests.paths import ROOT

CHAPTERS = {
    "Both programs": ("daemonkit", "kiosk_ui", "sync_contract"),
    "Gateway": ("beacon_gateway",),
    "Central server": ("central_server", "volunteering"),
}
WRITTEN = {"info": "info", "warning": "warning", "error": "error", "exception": "error", "critical": "error"}
ROW = re.compile(r"^\| `([a-z_.]+)` \| ([a-z, ]+) \| (\S.{20,}\.) \|$", re.MULTILINE)


def logged(package: str) -> Iterator[tuple[str, str]]:
    """Yield event and level of each line that the package writes. Raises AssertionError for a name that is no text."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("log" | "_log"), attr=method), args=[event, *_]):
                    if method not in WRITTEN:
                        continue
                    if ast.unparse(event) == "event" and path.name == "guards.py":
                        yield from ((each, WRITTEN[method]) for each in _REFUSAL_EVENTS.values())
                        continue
                    assert isinstance(event, ast.Constant), f"{path}: {ast.unparse(event)}"
                    yield str(event.value), WRITTEN[method]


def test_each_logged_event_is_explained_with_its_level_and_no_other() -> None:
    document = (ROOT / "docs" / "events.md").read_text("utf-8")
    for chapter, packages in CHAPTERS.items():
        text = document.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
        rows = ROW.findall(text)
        assert len(rows) == text.count("\n| `"), "a row with its three cells, a sentence in the last"
        assert [event for event, _, _ in rows] == sorted({event for event, _, _ in rows}), "in order, each once"
        levels = defaultdict(set)
        for package in packages:
            for event, level in logged(package):
                levels[event].add(level)
        assert {event: set(words.split(", ")) for event, words, _ in rows} == dict(levels), chapter
