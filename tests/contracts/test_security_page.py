"""docs/security.md: each line names a test, and each named test exists."""

import re

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_line_names_a_test_and_every_named_test_exists() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| asset |", "| att", "| acc"))
    ]
    assert len(rows) > 20
    for row in rows:
        found = NAMED.search(row)
        assert found, row
        defined = re.search(rf"^(async )?def {found[2]}\(", (ROOT / found[1]).read_text("utf-8"), re.MULTILINE)
        assert defined, row
