"""Test the distribution of tests to forked processes by a run of pytest on a few small files."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.paths import ROOT

FILE = """
import os
import pytest

@pytest.fixture(scope="module")
def process(tmp_path_factory):
    with open("{log}", "a") as log:
        print("set up", file=log)
    yield os.getpid()
    with open("{log}", "a") as log:
        print("torn down", file=log)

@pytest.mark.parametrize("number", range(3))
def test_one_process(process, number, tmp_path):
    assert process == os.getpid() != {ours}
    assert list(tmp_path.iterdir()) == []

def test_fails(process):
    print("printed by", "a failure")
    assert process == 0

def test_skips():
    pytest.skip("without reason")
"""
DIES = """
import os

def test_dies():
    os._exit(7)

def test_after():
    pass
"""


def test_each_test_is_reported_once_and_a_dead_worker_fails_its_file(tmp_path: Path) -> None:
    log, report = tmp_path / "log", tmp_path / "report.xml"
    for name in ("first", "second", "third"):
        content = FILE.format(log=log, ours="os.getppid()")
        (tmp_path / f"test_{name}.py").write_text(content)
    (tmp_path / "test_zz_dies.py").write_text(DIES)
    options = ["-p", "tests.forked_workers", "--workers", "2", "-p", "no:cacheprovider", "-c", "/dev/null"]
    command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", f"--rootdir={tmp_path}", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    cases: dict[str, list[str]] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        outcome = next((child.tag for child in case), "passed")
        cases.setdefault(case.get("name", ""), []).append(outcome)
    passed = {f"test_one_process[{number}]": ["passed"] * 3 for number in range(3)}
    files = {"test_fails": ["failure"] * 3, "test_skips": ["skipped"] * 3}
    assert cases == passed | files | {"test_dies": ["failure"], "test_after": ["failure"]}, run.stdout
    assert "ended with 7 before this test's end" in run.stdout
    assert run.stdout.count("printed by a failure") == 3
    assert sorted(log.read_text().split("\n")) == ["", *["set up"] * 3, *["torn down"] * 3], "once for each file"
