"""Run tests marked `lab` inside the radio lab, and report their results outside like those of any other test.

LABS boot for all tests that need the same number of radios, with the first of these tests: they have a worker of their
own (../forked_workers.py), so the labs run beside the other tests. Tests that failed in a lab which the host starved of
processor time, or in which a virtual controller did not answer, run again in a fresh lab. If that is starved too, those
that were only too late are skipped with the reason.
"""

import json
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.radio.lab_boot import run_in_lab
from tests.radio.lab_control import in_lab
from tests.radio.starvation import STARVED_S, WINDOW_S, Starvation, read_starvation
from tests.radio.waiting import PATIENCE

REPORTS = "RADIOLAB_REPORTS"
ERROR = "error"
_LATE = frozenset(("TooLate", "TimeoutError", "RadioLost", "NoAnswer", "MgmtUnavailable"))
"""Errors of a test that are only late, by name."""
_CONTROLLER_TIMEOUT = re.compile(r"Opcode 0x\w+ failed: -110|command 0x\w+ tx timeout")
"""Messages of the kernel about a controller that did not answer within two seconds (net/bluetooth/hci_sync.c)."""
LIMIT_S = 900.0
LABS = {1: 1, 2: 2}
"""Labs that run in parallel by number of radios: a lab mostly waits, but its start costs as much as twenty tests."""


@dataclass(frozen=True, slots=True)
class LabResult:
    """Serialized reports by test, the output, and how the host starved the lab."""

    reports: dict[str, list[dict[str, Any]]]
    output: str
    starvation: Starvation
    silent_controller: bool = False
    """The kernel waited for a virtual controller in vain: inside the lab, too, one process may starve another."""

    @classmethod
    def read(cls, share: Path) -> Self:
        reports: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if (share / "reports").exists():
            for line in (share / "reports").read_text().splitlines():
                data = json.loads(line)
                reports[data["nodeid"]].append(data)
        console = share / "console.log"
        silent = console.exists() and bool(_CONTROLLER_TIMEOUT.search(console.read_text(errors="replace")))
        return cls(dict(reports), (share / "output").read_text(), read_starvation(share / "starved.log"), silent)

    def failed(self, test: str) -> bool:
        """Return whether the test failed or the lab ended before its end."""
        reports = self.reports.get(test, [])
        return any(data["outcome"] == "failed" for data in reports) or not _is_complete(reports)

    def starved_s(self, test: str) -> float:
        """Return the longest wait for a processor within WINDOW_S, during the module up to the test's end.

        The modules' fixtures run during their first test. Without an end of the test, the rest of the lab counts.
        """
        module = test.partition("::")[0]
        of_module = [data for name, reports in self.reports.items() if name.startswith(module) for data in reports]
        reports = self.reports.get(test, [])
        began = min((data["start"] for data in of_module), default=0.0)
        ended = max((data["stop"] for data in reports), default=float("inf")) if _is_complete(reports) else float("inf")
        return self.starvation.worst_window_s(began, ended)

    def needs_rerun(self, test: str) -> bool:
        return self.failed(test) and (self.silent_controller or self.starved_s(test) >= STARVED_S)

    def was_too_late(self, test: str) -> bool:
        """Return whether starvation explains the failure: a limit was exceeded, or the lab ended."""
        reports = self.reports.get(test, [])
        errors = {error for data in reports for key, error in data.get("user_properties", ()) if key == ERROR}
        return errors <= _LATE if errors else not _is_complete(reports)


_labs = pytest.StashKey[dict[str, Future[LabResult]]]()


class _Recorder:
    """Write every report inside the lab to a file for outside, with the name of its error."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        self._config = config
        self._path = path

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo:
            report.user_properties.append((ERROR, call.excinfo.type.__name__))
        return report

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
    """Report a `lab` test outside as it ran inside."""
    if _radios(item) is None or in_lab():
        return None
    labs = item.config.stash[_labs]
    if not labs:
        labs.update(_boot(item.session.items))
    result = labs[item.nodeid].result()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item, result):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _radios(item: pytest.Item) -> int | None:
    """Return the number of radios that the test needs; None if it does not run in the lab."""
    marker = item.get_closest_marker("lab")
    return None if marker is None else int(marker.kwargs.get("radios", 2))


def _boot(items: list[pytest.Item]) -> dict[str, Future[LabResult]]:
    """Start all labs and return the future result of each test's lab."""
    booted: dict[str, Future[LabResult]] = {}
    by_radios: dict[int, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if radios := _radios(item):
            by_radios[radios].append(item)
    if not by_radios:
        return booted
    pool = ThreadPoolExecutor(sum(LABS.values()))
    for radios, same in by_radios.items():
        for tests in _distribute(same, LABS[radios]):
            result = pool.submit(_run_shared, tests, radios)
            booted.update((test.nodeid, result) for test in tests)
    pool.shutdown(wait=False)
    return booted


def _distribute(items: list[pytest.Item], count: int) -> list[list[pytest.Item]]:
    """Distribute complete modules, which have their own fixtures, evenly to that many labs."""
    modules: dict[Path, list[pytest.Item]] = defaultdict(list)
    for item in items:
        modules[item.path].append(item)
    labs: list[list[pytest.Item]] = [[] for _ in range(count)]
    for module in sorted(modules.values(), key=len, reverse=True):
        min(labs, key=len).extend(module)
    return [lab for lab in labs if lab]


def _run_shared(items: list[pytest.Item], radios: int) -> LabResult:
    """Run a lab for these tests."""
    with tempfile.TemporaryDirectory(prefix="radiolab-reports-") as name:
        return _run([item.nodeid for item in items], radios, Path(name))


def _run(tests: list[str], radios: int, share: Path) -> LabResult:
    """Run the tests in a lab, and those that failed for lack of processor time again in another."""
    result = _run_once(tests, radios, share)
    starved = [test for test in tests if result.needs_rerun(test)]
    if not starved:
        return result
    again = share / "again"
    again.mkdir(exist_ok=True)
    second = _run_once(starved, radios, again)
    reports = {test: each for test, each in result.reports.items() if test not in starved}
    skipped = {
        test: _starved_report(second, test)
        for test in starved
        if second.needs_rerun(test) and second.was_too_late(test)
    }
    return LabResult(reports | second.reports | skipped, result.output + second.output, second.starvation)


def _run_once(tests: Sequence[str], radios: int, share: Path) -> LabResult:
    """Run the tests in a lab, unless another worker has done so."""
    if not (share / "output").exists():
        environment = [f"{REPORTS}={share}/reports", f"RADIOLAB_PATIENCE={PATIENCE:g}"]
        argv = ["env", *environment, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        outcome = run_in_lab(argv, radios=radios, limit_s=LIMIT_S, share=share)
        (share / "output").write_text(f"exit status {outcome.status}\n{outcome.output}")
    return LabResult.read(share)


def _starved_report(result: LabResult, test: str) -> list[dict[str, Any]]:
    """Return a skipped report with the reason in place of the failure."""
    silent = ", and a controller did not answer" if result.silent_controller else ""
    reason = (
        f"the radio lab was starved twice: within {WINDOW_S:g} s its threads waited {result.starved_s(test):.1f} s for "
        f"a processor{silent}; run it on an idle machine"
    )
    path = test.partition("::")[0]
    report = pytest.TestReport(test, (path, None, test), {}, "skipped", (path, 0, f"Skipped: {reason}"), "call")
    end = pytest.TestReport(test, (path, None, test), {}, "passed", None, "teardown")
    return [{**each._to_json(), "$report_type": "TestReport"} for each in (report, end)]


def _is_complete(reports: Sequence[dict[str, Any]]) -> bool:
    return any(data["when"] == "teardown" for data in reports)


def _reports(item: pytest.Item, result: LabResult) -> list[pytest.TestReport]:
    config = item.config
    known = result.reports.get(item.nodeid, [])
    reports: list[pytest.TestReport] = [
        config.hook.pytest_report_from_serializable(config=config, data=data) for data in known
    ]
    if not _is_complete(known):
        text = f"the lab did not report on this test; its output:\n{result.output[-6000:]}"
        reports.append(pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call"))
    return reports
