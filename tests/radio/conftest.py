"""Tests marked `lab` run inside the radio lab, written and selected like any other test.

The first of them boots LABS labs for all that want the same number of radios; pytest runs them in there, side by side,
and its reports are passed on here. Under pytest-xdist --dist loadgroup they all go to one worker (../conftest.py), so
that the others work on meanwhile; however else they are spread, one worker boots and the others wait for its reports.
"""

import fcntl
import json
import os
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.radio.inside import PATIENCE, in_lab
from tests.radio.outside import run_in_lab

REPORTS = "RADIOLAB_REPORTS"
LIMIT_S = 900.0
LABS = 2
"""Side by side, for each number of radios: what goes on in a lab is mostly waiting."""


@dataclass(frozen=True, slots=True)
class _Told:
    """By a lab: the serialized reports of each test, and what it printed."""

    reports: dict[str, list[dict[str, Any]]]
    output: str

    @classmethod
    def read(cls, share: Path) -> Self:
        reports: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if (share / "reports").exists():
            for line in (share / "reports").read_text().splitlines():
                data = json.loads(line)
                reports[data["nodeid"]].append(data)
        return cls(reports, (share / "output").read_text())


_labs = pytest.StashKey[dict[str, Future[_Told]]]()


class _Recorder:
    """Inside: keeps every report for outside."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        self._config = config
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with open(self._path, "a") as file:
            file.write(json.dumps(data) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lab(radios=2): runs inside the radio lab, on real BlueZ with virtual radios")
    config.stash[_labs] = {}
    if in_lab() and (path := os.environ.get(REPORTS)):
        config.pluginmanager.register(_Recorder(config, path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Outside: a `lab` test is not run here but reported as it went inside."""
    if _radios(item) is None or in_lab():
        return None
    labs = item.config.stash[_labs]
    if not labs:
        labs.update(_boot(item.session.items))
    told = labs[item.nodeid].result()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item, told):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _radios(item: pytest.Item) -> int | None:
    """How many radios the test wants; None when it does not run in the lab."""
    marker = item.get_closest_marker("lab")
    return None if marker is None else int(marker.kwargs.get("radios", 2))


def _boot(items: list[pytest.Item]) -> dict[str, Future[_Told]]:
    """Every lab that is wanted, all of them now; by the name of each test what its lab will tell."""
    booted: dict[str, Future[_Told]] = {}
    wanted: dict[int, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if radios := _radios(item):
            wanted[radios].append(item)
    pool = ThreadPoolExecutor(LABS * len(wanted))
    for radios, same in wanted.items():
        for number, tests in enumerate(_dealt(same)):
            told = pool.submit(_told_by, tests, radios, number)
            booted.update((test.nodeid, told) for test in tests)
    pool.shutdown(wait=False)
    return booted


def _dealt(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """To LABS labs, as evenly as whole modules can be: those have fixtures of their own."""
    modules: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        modules[item.path].append(item)
    labs: list[list[pytest.Item]] = [[] for _ in range(LABS)]
    for module in sorted(modules.values(), key=len, reverse=True):
        min(labs, key=len).extend(module)
    return [lab for lab in labs if lab]


def _told_by(items: list[pytest.Item], radios: int, number: int) -> _Told:
    run = getattr(items[0].config, "workerinput", {}).get("testrunuid")
    if run is None:
        with tempfile.TemporaryDirectory(prefix="radiolab-reports-") as name:
            _run(items, radios, Path(name))
            return _Told.read(Path(name))
    share = Path(tempfile.gettempdir()) / f"radiolab-reports-{run}-{radios}-{number}"
    share.mkdir(exist_ok=True)
    with open(share / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (share / "output").exists():
            _run(items, radios, share)
    return _Told.read(share)


def _run(items: list[pytest.Item], radios: int, share: Path) -> None:
    patience = f"RADIOLAB_PATIENCE={PATIENCE:g}"
    argv = ["env", f"{REPORTS}={share}/reports", patience, sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    outcome = run_in_lab([*argv, *(item.nodeid for item in items)], radios=radios, limit_s=LIMIT_S, share=share)
    (share / "output").write_text(f"exit status {outcome.status}\n{outcome.output}")


def _reports(item: pytest.Item, told: _Told) -> list[pytest.TestReport]:
    config = item.config
    reports: list[pytest.TestReport] = [
        config.hook.pytest_report_from_serializable(config=config, data=data)
        for data in told.reports.get(item.nodeid, ())
    ]
    if not any(report.when == "teardown" for report in reports):
        text = f"the lab did not report on this test; it said:\n{told.output[-6000:]}"
        reports.append(pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call"))
    return reports
