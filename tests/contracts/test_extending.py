"""docs/extending.md works as written: each example is followed in a copy of the packages, and its check passes."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGES = ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering")
_STEP = re.compile(
    r"^(?P<verb>new|in|check)(?: `(?P<path>[^`]+)`)?(?:, (?P<how>below|instead of) `(?P<line>[^`]+)`)?:\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Example:
    title: str
    steps: list[re.Match[str]] = field(default_factory=list)

    @property
    def check(self) -> str:
        (step,) = (step for step in self.steps if step["verb"] == "check")
        return step["text"]

    def follow(self, folder: Path) -> None:
        for step in self.steps:
            if step["verb"] == "check":
                continue
            file = folder / step["path"]
            if step["verb"] == "new":
                assert not file.exists(), f"{step['path']} exists already"
                file.write_text(step["text"], "utf-8")
                continue
            text, line = file.read_text("utf-8"), f"{step['line']}\n"
            assert text.count(line) == 1, f"{step['path']} has not exactly one line {step['line']!r}"
            before = line if step["how"] == "below" else ""
            file.write_text(text.replace(line, before + step["text"]), "utf-8")


def read_examples(page: str) -> list[Example]:
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return [Example(section.partition("\n")[0], list(_STEP.finditer(section))) for section in sections]


EXAMPLES = read_examples((ROOT / "docs" / "extending.md").read_text("utf-8"))


WITHOUT = """
import sys
for number, check in enumerate(sys.argv[1:]):
    try:
        exec(check, {"__name__": "__main__"})
    except BaseException as error:
        print(number)
"""


@pytest.fixture(scope="module")
def failed_without() -> set[str]:
    """Return the examples whose check fails in the packages as they are."""
    command = [sys.executable, "-c", WITHOUT, *(example.check for example in EXAMPLES)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return {EXAMPLES[int(line)].title for line in ended.stdout.splitlines() if line.isdecimal()}


def _run_check(example: Example, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{folder}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", example.check]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_works_as_written_and_its_check_fails_without_it(
    example: Example, failed_without: set[str], tmp_path: Path
) -> None:
    assert example.title in failed_without
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    example.follow(tmp_path)
    ended = _run_check(example, tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_the_page_has_an_example_for_each_kind_of_addition() -> None:
    assert {example.title for example in EXAMPLES} >= {
        "Bank",
        "Frame format",
        "Kiosk page",
        "Parcel kind",
        "Command",
        "Alert",
    }
