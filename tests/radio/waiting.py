"""Wait for conditions and run stages in tests, with limits for a busy machine."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Protocol

from beacon_gateway.model.beacons import Sighting
from tests.radio.starvation import waited_so_far_s

LIMIT_S = 20.0
PATIENCE = float(os.environ.get("RADIOLAB_PATIENCE", "6"))
"""Factor of every time limit, as a busy machine is slow. On an idle machine a factor of 1 proves the limits."""


class TooLate(AssertionError):
    """A condition was not met within its limit."""


async def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> float:
    """Wait for `condition` and return the seconds.

    Raise TooLate after PATIENCE times the limit, not counting the time that the lab waited for a processor.
    """
    began, waited_s, allowed_s = monotonic(), waited_so_far_s(), limit_s * PATIENCE
    while not condition():
        if monotonic() - began >= allowed_s:
            starved_s = waited_so_far_s() - waited_s
            if monotonic() - began >= limit_s * PATIENCE + starved_s:
                raise TooLate(
                    f"not within {PATIENCE:g} times {limit_s:g} s (and {starved_s:.1f} s without a processor)"
                )
            allowed_s = limit_s * PATIENCE + starved_s
        await asyncio.sleep(0.02)
    return monotonic() - began


@asynccontextmanager
async def running(stage: Awaitable[None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a stage during the block; its own failure fails the block."""
    task = asyncio.ensure_future(stage)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class SightingSource(Protocol):
    """A scanner, or the scanner of one adapter."""

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None: ...


class Ear:
    """The sightings of a scanner."""

    def __init__(self) -> None:
        self.heard: list[Sighting] = []

    @asynccontextmanager
    async def at(self, scanner: SightingSource) -> AsyncIterator[None]:
        async with running(scanner.hear(self.heard.append)):
            yield

    async def hears_again(self, limit_s: float = LIMIT_S) -> float:
        """Return the seconds until the next frame."""
        count = len(self.heard)
        return await until(lambda: len(self.heard) > count, limit_s)

    async def is_silent(self, for_s: float, limit_s: float = LIMIT_S) -> None:
        """Wait for a silence of `for_s`, within the limit."""
        await until(lambda: not self.heard or monotonic() - self.heard[-1].at >= for_s, limit_s)
