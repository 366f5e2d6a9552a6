"""Run a stage and restart it with backoff: after expected errors, and in the background after any error."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from daemonkit.health import Health

_log = structlog.get_logger()
_Errors = type[Exception] | tuple[type[Exception], ...]


def full_jitter(
    attempt: int, *, base: float = 1.0, cap: float = 300.0, draw: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait after failed attempt `attempt` (from 0): draw * min(cap, base * 2**attempt).

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
    background: bool = False,
) -> None:
    """Run `stage` until it returns; restart it after `restart_on` (also inside an exception group).

    The wait doubles from `first` to `cap` seconds. It starts again at `first` after a run longer than `cap`, or one in
    which `done`, a count of the stage's results, has risen. Any other error of an essential stage is raised. A
    background stage restarts after any error too: it is logged with its traceback once, and `health` shows the stage as
    degraded until it makes progress.
    """
    failures = 0
    while True:
        health.started(name, background=background)
        started, before = time.monotonic(), done()
        try:
            await stage()
        except Exception as error:
            expected = _is_expected(error, restart_on)
            if not expected and not background:
                raise
            succeeded = time.monotonic() - started > cap or done() != before
            failures = 0 if succeeded else failures + 1
            wait = full_jitter(max(0, failures - 1), base=first, cap=cap, draw=jitter)
            health.waiting(name, _error_word(error), wait, expected=expected)
            facts = {"stage": name, "wait": round(wait, 1), "error": _error_word(error), "reason": str(error)}
            if expected or failures > 1:
                _log.warning("stage.restarting", **facts)
            else:
                _log.error("stage.failed", **facts, exc_info=error)
        else:
            health.ended(name)
            return
        await asyncio.sleep(wait)


def _is_expected(error: Exception, restart_on: _Errors) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.split(restart_on)[1] is None
    return isinstance(error, restart_on)


def _error_word(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
