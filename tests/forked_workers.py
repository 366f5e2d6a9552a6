"""Run the collected tests in N forked processes: `--workers N`.

The tests are imported and collected once, and each worker is a copy of that process: a worker costs no start, and
shares the memory of the modules. A worker takes one test file after the other, so the fixtures of a module are set up
once. Files of one kind prefer the same worker: a browser or a cluster of PostgreSQL starts where it is used. Tests of
the radio lab have a worker of their own, which only waits for the labs; then it takes other files.
"""

import atexit
import multiprocessing.forkserver
import os
import random
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest

WORKER = "TEST_WORKER"
"""Environment variable of a worker: its number."""
WAITING = ("tests/browser/", "tests/flow/")
"""Folders of tests that wait more than they compute: the first workers prefer them, each one of them."""
FORKS = "tests.fakes.forked_programs"
"""All workers share the fork server of this module."""
OTHERS, LABS = "others", "labs"
LONG = (
    "tests/browser/test_kiosk_machine.py",
    "tests/browser/test_kiosk_crash.py",
    "tests/browser/test_layout.py",
    "tests/browser/test_help_journey.py",
    "tests/browser/test_accessible.py",
    "tests/flow/test_demo.py",
    "tests/flow/test_money_processes.py",
    "tests/flow/test_network_faults.py",
    "tests/unit/central_server/test_tenancy.py",
    "tests/unit/central_server/test_demo_history.py",
    "tests/contracts/test_docs_site.py",
    "tests/unit/beacon_gateway/radio/recovery/test_recovery_loop.py",
    "tests/unit/beacon_gateway/kiosk/test_site_access.py",
    "tests/unit/beacon_gateway/kiosk/test_back_links.py",
)
"""Files that take long: they begin first, so that none is alone at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workers", type=int, default=1, help="run the tests in so many forked processes")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--workers") > 1 and not config.getoption("collectonly"):
        config.pluginmanager.register(ForkedWorkers(), "forked-workers")


@dataclass
class Worker:
    """`unreported`: the tests of the file that it runs and of the next one, without those that are reported."""

    number: int
    pid: int
    connection: Connection
    queues: Sequence[str]
    unreported: list[int] = field(default_factory=list)
    ended_s: float = 0.0


class ForkedWorkers:
    """The process that collected: it distributes files and passes on reports."""

    def __init__(self) -> None:
        self._workers: list[Worker] = []
        self._began = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        if forks := sys.modules.get(FORKS):
            forks.start_fork_server()
        queues = queue_files(session.items)
        preferences = [_preferred(number) for number in range(session.config.getoption("--workers"))]
        if queues[LABS]:
            preferences.append((LABS, OTHERS, *reversed(WAITING)))
        try:
            for number, preferred in enumerate(preferences):
                self._workers.append(_fork(session, number, preferred, self._workers))
            self._distribute(session, queues)
        finally:
            for worker in self._workers:
                if not worker.ended_s:
                    os.kill(worker.pid, signal.SIGTERM)
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        ends = ", ".join(f"{worker.ended_s:.0f}" for worker in self._workers)
        terminalreporter.write_line(f"the workers ended after {ends} s")

    def _distribute(self, session: pytest.Session, queues: dict[str, deque[list[int]]]) -> None:
        """Answer the workers until all have ended."""
        by_connection = {worker.connection: worker for worker in self._workers}
        while by_connection:
            for ready in wait(list(by_connection)):
                worker = by_connection[ready]  # type: ignore[index] # we wait for these only
                try:
                    message = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    del by_connection[worker.connection]
                    self._end(session, worker)
                    continue
                if message is None:
                    following = [] if session.shouldfail or session.shouldstop else _next_file(queues, worker.queues)
                    worker.unreported += following
                    worker.connection.send(following)
                else:
                    index, reports = message
                    worker.unreported.remove(index)
                    _pass_on(session.items[index], reports)
        left = [index for files in queues.values() for file in files for index in file]
        for index in [] if session.shouldfail or session.shouldstop else left:
            _report_failure(session.items[index], "no worker was left to run this test")

    def _end(self, session: pytest.Session, worker: Worker) -> None:
        """Reap a worker. Tests that it did not report failed."""
        worker.connection.close()
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        worker.ended_s = time.monotonic() - self._began
        for index in worker.unreported:
            _report_failure(session.items[index], f"worker {worker.number} ended with {status} before this test's end")
        if status and not worker.unreported:
            session.testsfailed += 1
            print(f"worker {worker.number} ended with {status}", file=sys.stderr)


def queue_files(items: Sequence[pytest.Item]) -> dict[str, deque[list[int]]]:
    """Return the files of each queue, a file as the places of its tests: the long ones first."""
    files: dict[tuple[str, str], list[int]] = {}
    for index, item in enumerate(items):
        path = item.nodeid.partition("::")[0]
        lab = item.get_closest_marker("lab") is not None
        queue = LABS if lab else next((folder for folder in WAITING if path.startswith(folder)), OTHERS)
        files.setdefault((queue, LABS if lab else path), []).append(index)
    queues: dict[str, deque[list[int]]] = {queue: deque() for queue in (*WAITING, OTHERS, LABS)}
    ranks = {path: rank for rank, path in enumerate(LONG)}
    for queue, path in sorted(files, key=lambda each: ranks.get(each[1], len(LONG))):
        queues[queue].append(files[queue, path])
    return queues


def _preferred(number: int) -> tuple[str, ...]:
    """Return the queues from which a worker takes files, in this order."""
    if number < len(WAITING):
        return (*WAITING[number:], *WAITING[:number], OTHERS)
    return (OTHERS, *reversed(WAITING))


def _next_file(queues: dict[str, deque[list[int]]], preferred: Sequence[str]) -> list[int]:
    return next((queues[name].popleft() for name in preferred if queues[name]), [])


def _pass_on(item: pytest.Item, reports: Sequence[dict[str, Any]]) -> None:
    hook = item.config.hook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for data in reports:
        report = hook.pytest_report_from_serializable(config=item.config, data=data)
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _report_failure(item: pytest.Item, reason: str) -> None:
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", reason, "call")
    item.config.hook.pytest_runtest_logreport(report=report)


def _fork(session: pytest.Session, number: int, queues: Sequence[str], others: Sequence[Worker]) -> Worker:
    ours, its = Pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    _worker_folder(session.config, "")  # makes the common one
    pid = os.fork()
    if pid:
        its.close()
        return Worker(number, pid, ours, queues)
    status = 1
    try:
        for connection in (ours, *(other.connection for other in others)):
            connection.close()
        _become_worker(session.config, number)
        _run_files(session, its)
        status = 0
    except BaseException:  # noqa: BLE001 # the copy of the process must not return to the caller
        traceback.print_exc(file=sys.__stderr__)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become_worker(config: pytest.Config, number: int) -> None:
    """Have own output, temporary files and random numbers, and no terminal."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    atexit._clear()  # these belong to the process that collected
    if FORKS in sys.modules:  # only its parent can ask whether the fork server still runs
        multiprocessing.forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]  # no public way
    os.environ[WORKER] = str(number)
    random.seed()
    config.pluginmanager.unregister(name="terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
        capture.start_global_capturing()
    _worker_folder(config, f"worker-{number}")


def _worker_folder(config: pytest.Config, name: str) -> None:
    """Let `tmp_path` be below this folder of the run's."""
    factory = config._tmp_path_factory  # type: ignore[attr-defined] # pytest has no public way
    folder: Path = factory.getbasetemp() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    factory._basetemp = folder


class _Collector:
    """The reports of one test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reports: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append(data)

    def take(self) -> list[dict[str, Any]]:
        taken, self._reports = self._reports, []
        return taken


def _run_files(session: pytest.Session, connection: Connection) -> None:
    """Run files until there is none. The next one is asked for before the last test of a file.

    pytest must know the test that follows: it closes the fixtures that this one does not use.
    """
    collector = _Collector(session.config)
    session.config.pluginmanager.register(collector, "forked-worker")
    file = _ask(connection)
    while file:
        following: list[int] = []
        for place, index in enumerate(file):
            if place == len(file) - 1:
                following = _ask(connection)
            after = [*file[place + 1 :], *following][:1]
            item, nextitem = session.items[index], session.items[after[0]] if after else None
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            connection.send((index, collector.take()))
        file = following


def _ask(connection: Connection) -> list[int]:
    connection.send(None)
    answer: list[int] = connection.recv()
    return answer
