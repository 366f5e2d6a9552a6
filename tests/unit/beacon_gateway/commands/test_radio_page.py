"""Tests of docs/radio.md against the output of the commands."""

import re
from pathlib import Path

import pytest

from beacon_gateway.commands.radio_wording import STEPS
from beacon_gateway.commands.replay import run
from beacon_gateway.model.radio_status import RecoveryStep
from tests.captures.identity import WALK
from tests.paths import ROOT
from tests.unit.beacon_gateway.commands.test_replay import NO_STATE, NOWHERE, site

__all__ = ["site"]
PAGE = (ROOT / "docs/radio.md").read_text("utf-8")


def test_the_page_shows_the_decisions_of_the_recording(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, site, NOWHERE, NO_STATE, "max", None, False) == 0
    printed = capsys.readouterr().out
    (shown,) = [block for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if "#5  换区" in block]
    assert shown in printed


def test_the_page_explains_each_step_with_the_wording_of_the_commands() -> None:
    assert set(STEPS) == set(RecoveryStep)
    for words in STEPS.values():
        assert f"| {words} |" in PAGE, words


def test_the_page_is_linked_and_its_links_exist() -> None:
    assert "(docs/radio.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "(radio.md)" in (ROOT / "docs/installing.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
