"""Each reproduction of docs/upstream.md still shows its bug, in a radio lab."""

import re
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.radio.lab_boot import run_script

SCRIPTS = sorted((ROOT / "tests/radio/upstream").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_bug_is_reproduced(script: Path) -> None:
    """A failure is good news: what was worked around may be mended upstream."""
    outcome = run_script(script, limit_s=60)
    assert outcome.status == 0, outcome.output
    assert outcome.output.rstrip().endswith("SEEN")


def test_each_script_has_a_section() -> None:
    documented = re.findall(r"tests/radio/upstream/(\w+\.py)", (ROOT / "docs/upstream.md").read_text("utf-8"))
    assert set(documented) == {script.name for script in SCRIPTS}
