"""Feed systemd's watchdog while every essential stage makes progress."""

import asyncio

import structlog

from daemonkit.health import Health
from daemonkit.sd_notify import Notifier, watchdog_period

_log = structlog.get_logger()


async def feed_watchdog(notifier: Notifier, health: Health, *, stall_limit_s: float) -> None:
    """Send WATCHDOG=1 until cancelled, except while a stage is stalled; return at once if systemd sets no watchdog."""
    period = watchdog_period()
    if period is None:
        return
    logged: tuple[str, ...] = ()
    while True:
        stalled = health.stalled(stall_limit_s)
        if not stalled:
            notifier.watchdog()
        elif stalled != logged:
            _log.error("stage.stalled", stages=stalled)
        logged = stalled
        await asyncio.sleep(period)
