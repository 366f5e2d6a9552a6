"""Put the counts of the radio and of the screen into the outbox every five minutes; until then they are in memory."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.outbox import Outbox
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import BeaconStatistics, ClockReading, ScreenStatistics

_EVERY_S = 300.0  # seldom, to spare the card
_CHECK_S = 30.0
_MAX_PENDING = 2 * 288  # one day


class StatisticsRecorder:
    """A crash loses at most five minutes of counts; while the disk refuses, the records wait in memory.

    `advertised` returns our own beacons, each with its seconds on air so far. `imagined`: the radio is simulated, so
    its counts are dropped; the touches of the screen are real and are recorded.
    """

    def __init__(
        self,
        collector: Collector,
        outbox: Outbox,
        *,
        use: ScreenUse,
        advertised: Callable[[], Mapping[BeaconId, float]],
        read_clock: Callable[[], ClockReading],
        parcel_put: Callable[[], None],
        imagined: bool = False,
    ) -> None:
        self._collector = collector
        self._outbox = outbox
        self._use = use
        self._advertised = advertised
        self._read_clock = read_clock
        self._parcel_put = parcel_put
        self._imagined = imagined
        self._start, self._started = read_clock(), time.monotonic()
        self._counted_on_air: dict[BeaconId, float] = {}
        self._pending: deque[BeaconStatistics | ScreenStatistics] = deque(maxlen=_MAX_PENDING)

    async def run(self, progress: Callable[[], None]) -> None:
        """Run until cancelled. Raises StoreUnavailable; the counts are put at the next call."""
        while True:
            progress()
            if time.monotonic() - self._started >= _EVERY_S:
                await self.put()
            await asyncio.sleep(_CHECK_S)

    async def put(self) -> None:
        """Put all counts since the last call, and the records that could not be put then. Raises StoreUnavailable."""
        for beacon, seconds in self._advertised().items():
            self._collector.add_advertised(beacon, seconds - self._counted_on_air.get(beacon, 0.0))
            self._counted_on_air[beacon] = seconds
        until = time.monotonic()
        statistics = self._collector.harvest(self._start, until - self._started, until=until)
        screens = self._use.harvest(self._start, until - self._started)
        now = self._read_clock()
        self._start, self._started = now, until
        if statistics is not None and not self._imagined:
            self._pending.append(statistics)
        self._pending.extend(screens)
        batch = list(self._pending)
        self._pending.clear()  # before the write: it runs to its end also when this stage is cancelled
        if batch:
            try:
                await self._outbox.put_statistics(now, batch)
            except StoreUnavailable:
                self._pending.extend(batch)
                raise
            self._parcel_put()
