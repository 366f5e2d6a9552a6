"""The reproductions of docs/upstream.md still show what they say: each in a radio lab of its own."""

import re
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.radio.outside import run_script

SCRIPTS = sorted((ROOT / "tests/radio/upstream").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_is_still_seen(script: Path) -> None:
    """A failure is good news: what was worked around may be mended upstream."""
    outcome = run_script(script, limit_s=60)
    assert outcome.status == 0, outcome.output
    assert outcome.output.rstrip().endswith("SEEN")


def test_each_has_its_section() -> None:
    told = re.findall(r"tests/radio/upstream/(\w+\.py)", (ROOT / "docs/upstream.md").read_text("utf-8"))
    assert set(told) == {script.name for script in SCRIPTS}
