"""Tests marked `lab` run inside the radio lab, written and selected like any other test.

The first of them boots one lab for all that want the same number of radios; pytest runs them in there, and its
reports are passed on here. Under pytest-xdist --dist loadgroup they all go to one worker (../conftest.py), so that the
others work on meanwhile; however else they are spread, one worker boots and the others wait for its reports.
"""

import fcntl
import json
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from tests.radio.inside import PATIENCE, in_lab
from tests.radio.outside import run_in_lab

REPORTS = "RADIOLAB_REPORTS"
LIMIT_S = 900.0

_Reports = dict[str, list[pytest.TestReport]]
_passed_on = pytest.StashKey[dict[int, _Reports]]()


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
    config.stash[_passed_on] = {}
    if in_lab() and (path := os.environ.get(REPORTS)):
        config.pluginmanager.register(_Recorder(config, path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Outside: a `lab` test is not run here but reported as it went inside."""
    radios = _radios(item)
    if radios is None or in_lab():
        return None
    booted = item.config.stash[_passed_on]
    if radios not in booted:
        booted[radios] = _boot([other for other in item.session.items if _radios(other) == radios], radios)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in booted[radios][item.nodeid]:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _radios(item: pytest.Item) -> int | None:
    """How many radios the test wants; None when it does not run in the lab."""
    marker = item.get_closest_marker("lab")
    return None if marker is None else int(marker.kwargs.get("radios", 2))


def _boot(items: list[pytest.Item], radios: int) -> _Reports:
    run = getattr(items[0].config, "workerinput", {}).get("testrunuid")
    if run is None:
        with tempfile.TemporaryDirectory(prefix="radiolab-reports-") as name:
            _run(items, radios, Path(name))
            return _read(items, Path(name))
    share = Path(tempfile.gettempdir()) / f"radiolab-reports-{run}-{radios}"
    share.mkdir(exist_ok=True)
    with open(share / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (share / "output").exists():
            _run(items, radios, share)
    return _read(items, share)


def _run(items: list[pytest.Item], radios: int, share: Path) -> None:
    patience = f"RADIOLAB_PATIENCE={PATIENCE:g}"
    argv = ["env", f"{REPORTS}={share}/reports", patience, sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    outcome = run_in_lab([*argv, *(item.nodeid for item in items)], radios=radios, limit_s=LIMIT_S, share=share)
    (share / "output").write_text(f"exit status {outcome.status}\n{outcome.output}")


def _read(items: list[pytest.Item], share: Path) -> _Reports:
    reports: _Reports = defaultdict(list)
    config = items[0].config
    if (share / "reports").exists():
        for line in (share / "reports").read_text().splitlines():
            report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
            reports[report.nodeid].append(report)
    for item in items:
        if not any(report.when == "teardown" for report in reports[item.nodeid]):
            text = f"the lab did not report on this test; it said:\n{(share / 'output').read_text()[-6000:]}"
            reports[item.nodeid].append(pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call"))
    return reports
