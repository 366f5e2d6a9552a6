"""Beacon statistics are counted in memory and put into the outbox every five minutes, to spare the card."""

import asyncio
import time
from collections.abc import Callable

from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.outbox import Outbox
from sync_contract.beacon import BeaconId
from sync_contract.records import ClockReading

EVERY_S = 300.0
_TURN_S = 30.0


class StatisticsKeeper:
    """A crash loses at most the five minutes not yet put. `advertised` gives a beacon and its seconds on air so far."""

    def __init__(
        self,
        collector: Collector,
        outbox: Outbox,
        *,
        advertised: Callable[[], tuple[BeaconId, float] | None],
        read_clock: Callable[[], ClockReading],
        put_one: Callable[[], None],
    ) -> None:
        self._collector = collector
        self._outbox = outbox
        self._advertised = advertised
        self._read_clock = read_clock
        self._put_one = put_one
        self._start, self._began = read_clock(), time.monotonic()
        self._counted_on_air = 0.0

    async def run(self, progress: Callable[[], None]) -> None:
        """Until cancelled. Raises StoreUnavailable; what was counted then goes with the next parcel."""
        while True:
            progress()
            if time.monotonic() - self._began >= EVERY_S:
                await self.put()
            await asyncio.sleep(_TURN_S)

    async def put(self) -> None:
        """Put what has been counted since the last time. Raises StoreUnavailable."""
        if (on_air := self._advertised()) is not None:
            beacon, seconds = on_air
            self._collector.advertised(beacon, seconds - self._counted_on_air)
            self._counted_on_air = seconds
        statistics = self._collector.harvest(self._start, time.monotonic() - self._began)
        self._start, self._began = self._read_clock(), time.monotonic()
        if statistics is not None:
            await self._outbox.put_statistics(self._start, statistics)
            self._put_one()
