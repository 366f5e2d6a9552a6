"""Something changed: tell many listeners, without a queue and without losing the latest."""

import asyncio
from collections.abc import AsyncIterator


class Broadcast:
    """A listener reads the whole latest state after each turn, so pokes in between may melt into one."""

    def __init__(self) -> None:
        self._pokes = 0
        self._closed = False
        self._news = asyncio.Event()

    def poke(self) -> None:
        self._pokes += 1
        self._wake()

    def close(self) -> None:
        """Listeners end, after a last turn when they have not seen the last poke."""
        self._closed = True
        self._wake()

    async def changes(self, every_s: float | None = None) -> AsyncIterator[None]:
        """Once at once, then after each poke that came since; with `every_s` also whenever nothing came for so long."""
        seen = -1
        while True:
            if seen != self._pokes:
                seen = self._pokes
                yield
            elif self._closed:
                return
            else:
                try:
                    async with asyncio.timeout(every_s):
                        await self._news.wait()
                except TimeoutError:
                    yield

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
