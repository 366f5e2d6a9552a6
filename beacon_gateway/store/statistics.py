"""Statistics are counted in memory and put on disk every five minutes, to spare the card: those of the radio into the
outbox, those of the screen where they wait for a server that takes them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping

from beacon_gateway.presence.screen_use import ScreenUse
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.store.outbox import Outbox
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import BeaconStatistics, ClockReading, ScreenStatistics

EVERY_S = 300.0
_TURN_S = 30.0
_UNPUT = 2 * 288  # a day of them


class StatisticsKeeper:
    """A crash loses at most the five minutes not yet put; a disk that refuses loses nothing while we run.

    `advertised` gives our own beacons, each with its seconds on air so far. `imagined`: the radio is none, and what it
    counted is dropped; the touches of the screen are real all the same.
    """

    def __init__(
        self,
        collector: Collector,
        outbox: Outbox,
        *,
        use: ScreenUse,
        advertised: Callable[[], Mapping[BeaconId, float]],
        read_clock: Callable[[], ClockReading],
        put_one: Callable[[], None],
        imagined: bool = False,
    ) -> None:
        self._collector = collector
        self._outbox = outbox
        self._use = use
        self._advertised = advertised
        self._read_clock = read_clock
        self._put_one = put_one
        self._imagined = imagined
        self._start, self._began = read_clock(), time.monotonic()
        self._counted_on_air: dict[BeaconId, float] = {}
        self._unput: deque[BeaconStatistics | ScreenStatistics] = deque(maxlen=_UNPUT)

    async def run(self, progress: Callable[[], None]) -> None:
        """Until cancelled. Raises StoreUnavailable; what was counted then is put the next time."""
        while True:
            progress()
            if time.monotonic() - self._began >= EVERY_S:
                await self.put()
            await asyncio.sleep(_TURN_S)

    async def put(self) -> None:
        """Put what has been counted since the last time, and what could not be put then. Raises StoreUnavailable."""
        for beacon, seconds in self._advertised().items():
            self._collector.advertised(beacon, seconds - self._counted_on_air.get(beacon, 0.0))
            self._counted_on_air[beacon] = seconds
        until = time.monotonic()
        statistics = self._collector.harvest(self._start, until - self._began, until=until)
        screens = self._use.harvest(self._start, until - self._began)
        now = self._read_clock()
        self._start, self._began = now, until
        if statistics is not None and not self._imagined:
            self._unput.append(statistics)
        self._unput.extend(screens)
        while self._unput:
            oldest = self._unput[0]
            if isinstance(oldest, ScreenStatistics):
                await self._outbox.hold_screen(oldest)
            else:
                await self._outbox.put_statistics(now, oldest)
                self._put_one()
            self._unput.popleft()
