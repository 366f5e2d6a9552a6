"""A stage restarts after expected errors; other errors are raised."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from daemonkit.health import Health
from daemonkit.sd_notify import Notifier
from daemonkit.supervise import full_jitter, supervise
from daemonkit.watchdog import feed_watchdog


class Lost(Exception):
    """The expected error."""


class RecordedWaits(Health):
    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def waiting(self, stage: str, error: str, seconds: float, *, expected: bool = True) -> None:
        self.waits.append(seconds)
        super().waiting(stage, error, seconds, expected=expected)


def at_once() -> float:
    return 0.0


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_random_below_a_doubling_limit(attempt: int, drawn: float) -> None:
    wait = full_jitter(attempt, base=1.0, cap=300.0, draw=lambda: drawn)
    assert 0 <= wait <= 300
    assert wait == drawn * min(300.0, 2.0 ** min(attempt, 60))


async def test_a_stage_restarts_until_it_returns() -> None:
    health, runs = Health(), 0

    async def stage() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise Lost(runs)

    await supervise("radio", stage, restart_on=Lost, health=health, jitter=at_once)
    assert runs == 4
    assert health.snapshot()["radio"] | {"for_s": 0} == {
        "state": "ended",
        "for_s": 0,
        "progress_s_ago": None,
        "restarts": 3,
        "error": "Lost",
    }


async def test_an_expected_error_in_a_group_restarts_too() -> None:
    health, runs = Health(), 0

    async def stage() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ExceptionGroup("tasks", [ExceptionGroup("inner", [Lost(), OSError()])])

    await supervise("radio", stage, restart_on=(Lost, OSError), health=health, jitter=at_once)
    assert runs == 2
    assert health.snapshot()["radio"]["error"] == "Lost"


@pytest.mark.parametrize("error", [KeyError("a bug"), ExceptionGroup("tasks", [Lost(), KeyError("a bug")])])
async def test_any_other_error_is_raised(error: Exception) -> None:
    async def stage() -> None:
        raise error

    with pytest.raises(type(error)):
        await supervise("radio", stage, restart_on=Lost, health=Health(), jitter=at_once)


async def test_a_background_stage_restarts_after_any_error_with_one_traceback() -> None:
    health, runs = Health(), 0

    async def stage() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise ExceptionGroup("tasks", [Lost(), KeyError("a bug")])

    with structlog.testing.capture_logs() as events:
        await supervise("figures", stage, restart_on=Lost, health=health, background=True, jitter=at_once)
    assert runs == 4
    assert [(event["event"], "exc_info" in event) for event in events] == [
        ("stage.failed", True),
        ("stage.restarting", False),
        ("stage.restarting", False),
    ]


async def test_cancelling_ends_a_running_and_a_waiting_stage() -> None:
    working = asyncio.Event()

    async def stage() -> None:
        working.set()
        await asyncio.Event().wait()

    async def fails() -> None:
        raise Lost

    health = Health()
    at_work = asyncio.create_task(supervise("a", stage, restart_on=Exception, health=health, jitter=at_once))
    waiting = asyncio.create_task(supervise("b", fails, restart_on=Lost, health=health, first=60, jitter=lambda: 1.0))
    await working.wait()
    async with asyncio.timeout(60):
        while health.snapshot()["b"]["state"] != "waiting":
            await asyncio.sleep(0)
    for task in (at_work, waiting):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_waits_double_up_to_the_cap() -> None:
    health = RecordedWaits()
    waits = health.waits

    async def stage() -> None:
        if len(waits) == 5:
            return
        raise Lost

    await supervise("a", stage, restart_on=Lost, health=health, first=0.001, cap=0.008, jitter=lambda: 1.0)
    assert waits == [0.001, 0.002, 0.004, 0.008, 0.008]


async def test_a_result_resets_the_wait() -> None:
    health = RecordedWaits()
    waits, done = health.waits, 0

    async def stage() -> None:
        nonlocal done
        if len(waits) == 6:
            return
        done += len(waits) == 3
        raise Lost

    await supervise(
        "a", stage, restart_on=Lost, health=health, first=0.001, cap=9, jitter=lambda: 1.0, done=lambda: done
    )
    assert waits == [0.001, 0.002, 0.004, 0.001, 0.001, 0.002]


async def test_the_watchdog_is_fed_except_while_a_stage_is_stalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    now = 0.0
    health = Health(lambda: now)
    health.progress("sync")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "notify"))
        inbox.setblocking(False)
        loop = asyncio.get_running_loop()
        feeding = asyncio.create_task(feed_watchdog(Notifier(str(tmp_path / "notify")), health, stall_limit_s=1))
        for _ in range(3):
            assert await asyncio.wait_for(loop.sock_recv(inbox, 100), 60) == b"WATCHDOG=1"
        now = 2.0
        await asyncio.sleep(0.03)  # datagrams in transit arrive
        with suppress(BlockingIOError):
            while inbox.recv(100):
                pass
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.sock_recv(inbox, 100), 0.1)
        health.progress("sync")
        assert await asyncio.wait_for(loop.sock_recv(inbox, 100), 60) == b"WATCHDOG=1"
        feeding.cancel()


async def test_without_a_watchdog_the_feeder_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    async with asyncio.timeout(60):
        await feed_watchdog(Notifier(None), Health(), stall_limit_s=1)
