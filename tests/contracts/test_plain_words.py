"""Names are plain technical English: words that the project once used as a dialect do not come back.

Functions have at most 60 lines.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.paths import ROOT

PACKAGES = (
    *("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering"),
    *("debian", "tests"),
)
DIALECT = frozenset(
    [
        "told",
        "tells",
        "said",
        "say",
        "says",
        "kept",
        "held",
        "here",
        "wish",
        "wished",
        "whose",
        "brought",
        "ripe",
        "deed",
        "deeds",
        "octets",
        "octet",
        "anew",
        "whoever",
        "begun",
        "hung",
        "mended",
    ]
)
"""STYLE: use the field's standard term instead. A name is refused if one of its parts is such a word."""

_WORD = re.compile("|".join(rf"(?<![a-zA-Z]){word}(?![a-z])|{word.capitalize()}(?![a-z])" for word in sorted(DIALECT)))
"""A word in lower case that no letter precedes, or with a capital wherever it begins."""
_PARTS = ("body", "orelse", "finalbody", "handlers", "cases")

MOST_LINES = 60
"""Of a function, with its decorators left out."""


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def dialect_names(tree: ast.AST) -> set[str]:
    """Return the names of a module of which a part is a dialect word. Names of tests are sentences and exempt."""
    return {name for name in _names(tree) if not name.startswith("test_") and _has_dialect(name)}


@cache
def _has_dialect(name: str) -> bool:
    split = re.sub(r"([A-Z])", r"_\1", name).lower()
    return not DIALECT.isdisjoint(re.findall(r"[a-z]+", split))


def long_functions(tree: ast.Module) -> set[str]:
    return {
        f"{node.name} has {lines} lines"
        for node in _functions(tree)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES
    }


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Visit statements only: a module has ten times as many expressions."""
    for part in _PARTS:
        for node in getattr(tree, part, ()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node
            yield from _functions(node)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_a_dialect_word_and_no_function_is_long(package: str) -> None:
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        names = long_functions(tree)
        if _WORD.search(text):  # in a name, a string or a comment
            names |= dialect_names(tree)
        if names or not DIALECT.isdisjoint(path.stem.split("_")):
            found.add(f"{path.relative_to(ROOT)}: {', '.join(sorted(names))}")
    assert not found, "\n".join(sorted(found))


def test_a_dialect_name_is_found() -> None:
    tree = ast.parse("class ToldParcel: pass\ndef kept(whose: int) -> None: self.deed_id = 1")
    assert dialect_names(tree) == {
        "ToldParcel",
        "kept",
        "whose",
        "deed_id",
    }
