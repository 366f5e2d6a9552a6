"""Counts wrong enrolment codes for staff, and limits their rate.

A code has 120 bits and cannot be guessed. So a right code is never delayed by other people's wrong ones: the code is
looked up first, and only wrong ones are limited, for each address and in total.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from central_server.store.enrolment import issued_codes
from daemonkit.web.rate_limit import Buckets

_EACH, _EACH_BURST = 1 / 6, 10
_ALL, _ALL_BURST = 1.0, 60
_WRITTEN_EVERY = timedelta(seconds=5)


class WrongCodes:
    """The counts of one process, written to the database at most every few seconds."""

    def __init__(self, database: Database, refusals: Refusals, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._refusals = refusals
        self._clock = clock
        self._by_address = Buckets(_EACH, _EACH_BURST)
        self._all = Buckets(_ALL, _ALL_BURST)
        self._unwritten = 0
        self._written_at: datetime | None = None

    async def count(self, address: str) -> float:
        """Count a wrong code. Return the seconds that this address must wait; 0 below the limit."""
        now, ticks = self._clock(), asyncio.get_running_loop().time()
        self._unwritten += 1
        wait = self._by_address.take(address, ticks) or self._all.take("", ticks)
        if not wait:
            self._refusals.count("enrolment", "code_unknown", f"from {_network(address)}")
        if self._written_at is None or now - self._written_at >= _WRITTEN_EVERY:
            times, self._unwritten, self._written_at = self._unwritten, 0, now
            async with self._database.write() as connection:
                await issued_codes.count_wrong(connection, times, now)
        return wait


def _network(address: str) -> str:
    """Return the address's network, not the machine."""
    if ":" in address:
        return ":".join(address.split(":")[:3]) + "::"
    return ".".join([*address.split(".")[:3], "0"]) if address.count(".") == 3 else "unknown"
