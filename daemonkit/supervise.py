"""Stages that start again after the errors they expect; any other error ends the process, and systemd starts it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from daemonkit.health import Health
from daemonkit.sd_notify import Notifier, watchdog_period

__all__ = ["Health", "feed_watchdog", "full_jitter", "supervise"]

_log = structlog.get_logger()
_Errors = type[Exception] | tuple[type[Exception], ...]


def full_jitter(
    attempt: int, *, base: float = 1.0, cap: float = 300.0, draw: Callable[[], float] = random.random
) -> float:
    """Seconds to wait after failed attempt number `attempt` (0 is the first): draw * min(cap, base * 2**attempt).

    "Full jitter" of the AWS Architecture Blog, "Exponential Backoff and Jitter" (2015).
    """
    return draw() * min(cap, base * 2.0 ** min(attempt, 60))


async def supervise(
    name: str,
    stage: Callable[[], Awaitable[None]],
    *,
    restart_on: _Errors,
    health: Health,
    first: float = 1.0,
    cap: float = 60.0,
    jitter: Callable[[], float] = random.random,
    done: Callable[[], int] = int,
) -> None:
    """Run `stage` until it returns; after `restart_on` (also inside an exception group) again, later each time.

    A run longer than `cap` seconds counts as a success, and so does one in which `done`, a count of what the stage is
    there for, has risen. Every other error comes out.
    """
    failures = 0
    while True:
        health.started(name)
        began, before = time.monotonic(), done()
        try:
            await stage()
        except Exception as error:
            if not _expected(error, restart_on):
                raise
            well = time.monotonic() - began > cap or done() != before
            failures = 0 if well else failures + 1
            wait = full_jitter(max(0, failures - 1), base=first, cap=cap, draw=jitter)
            health.waiting(name, _word(error), wait)
            _log.warning("stage.restarting", stage=name, wait=round(wait, 1), error=_word(error), reason=str(error))
        else:
            health.ended(name)
            return
        await asyncio.sleep(wait)


async def feed_watchdog(notifier: Notifier, health: Health, *, stall_limit_s: float) -> None:
    """WATCHDOG=1 while every watched stage makes progress; returns at once when nobody watches this process."""
    period = watchdog_period()
    if period is None:
        return
    told: tuple[str, ...] = ()
    while True:
        stalled = health.stalled(stall_limit_s)
        if not stalled:
            notifier.watchdog()
        elif stalled != told:
            _log.error("stage.stalled", stages=stalled)
        told = stalled
        await asyncio.sleep(period)


def _expected(error: Exception, restart_on: _Errors) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.split(restart_on)[1] is None
    return isinstance(error, restart_on)


def _word(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
