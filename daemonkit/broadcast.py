"""Notify many listeners of a change, without a queue."""

import asyncio
from collections.abc import AsyncIterator, Callable


class Broadcast:
    """A listener reads the latest state after each turn, so several pokes may result in one turn."""

    def __init__(self) -> None:
        self._pokes = 0
        self._closed = False
        self._changed = asyncio.Event()

    def poke(self) -> None:
        self._pokes += 1
        self._wake()

    def close(self) -> None:
        """End the listeners, after a last turn for those that have not seen the last poke."""
        self._closed = True
        self._wake()

    async def changes(self, interval_s: Callable[[], float | None] = lambda: None) -> AsyncIterator[None]:
        """Yield at once, then after each poke, and after `interval_s()` seconds without one; None: no limit."""
        seen = -1
        while True:
            if seen != self._pokes:
                seen = self._pokes
                yield
            elif self._closed:
                return
            else:
                try:
                    async with asyncio.timeout(interval_s()):
                        await self._changed.wait()
                except TimeoutError:
                    yield

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
