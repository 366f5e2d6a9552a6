"""docs/where-is-what.md: each file exists and defines the name that answers the question."""

import ast
import re

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "where-is-what.md").read_text("utf-8")
ROW = re.compile(r"^\| (?P<question>.+\?) \| `(?P<file>[^`]+)` \| `(?P<name>\w+)` \|$", re.MULTILINE)


def names_of(source: str) -> set[str]:
    """Return the functions, classes, methods and variables that a module defines."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def test_each_answer_is_defined_in_its_file() -> None:
    rows = [match.groupdict() for match in ROW.finditer(PAGE)]
    assert len(rows) == sum(line.startswith("| ") and "`" in line for line in PAGE.splitlines()) >= 60
    wrong = [row for row in rows if row["name"] not in names_of((ROOT / row["file"]).read_text("utf-8"))]
    assert wrong == []
