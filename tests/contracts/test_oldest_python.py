"""Differences of Python 3.11 from newer versions that no checker reports."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.paths import ROOT

PACKAGES = ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering", "tests")


def modules_with(*words: str) -> Iterator[tuple[Path, ast.Module]]:
    """Parse the modules that contain one of the words; parsing all takes seconds."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if any(word in text for word in words):
                yield path.relative_to(ROOT), ast.parse(text)


def test_no_frozen_generic_is_made_by_a_call_that_names_its_type() -> None:
    """`Kind[Project](…)` notes the type on what was made; 3.11 raises TypeError where that is frozen and has slots.

    https://github.com/python/cpython/issues/116669; write `kind: Kind[Project] = Kind(…)`.
    """
    frozen = {
        node.name
        for _, tree in modules_with("Generic[")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any("frozen=True" in ast.unparse(each) for each in node.decorator_list)
        and any(ast.unparse(base).startswith("Generic[") for base in node.bases)
    }
    assert "Kind" in frozen
    named = [
        f"{path}:{node.lineno}: {ast.unparse(node.func)}"
        for path, tree in modules_with(*(f"{name}[" for name in frozen))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Subscript)
        and ast.unparse(node.func.value).rpartition(".")[2] in frozen
    ]
    assert named == []


def test_nothing_is_raised_in_an_except_star() -> None:
    """Newer ones let it through as it is; on 3.11 whoever waits for it finds a group."""
    raised = [
        f"{path}:{node.lineno}"
        for path, tree in modules_with("except*", "except *")
        for star in ast.walk(tree)
        if isinstance(star, ast.TryStar)
        for handler in star.handlers
        for node in ast.walk(handler)
        if isinstance(node, ast.Raise) and node.exc is not None
    ]
    assert raised == []
