"""A radio without hardware: it plays a room, and hears our own advert while that is on the air."""

import asyncio
import time
from collections.abc import Callable, Sequence

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.simulation.room import ADAPTER, Walker, sightings
from sync_contract.beacon_identity import BeaconId


class SimulatedAdvertiser:
    """On the air while it runs."""

    def __init__(self, beacon: BeaconId) -> None:
        self.beacon = beacon
        self._since: float | None = None
        self._before_s = 0.0

    @property
    def on_air(self) -> bool:
        return self._since is not None

    async def keep_on_air(self) -> None:
        self._since = time.monotonic()
        try:
            await asyncio.Event().wait()
        finally:
            self._before_s = self.seconds_on_air()
            self._since = None

    def seconds_on_air(self) -> float:
        return self._before_s + (0.0 if self._since is None else time.monotonic() - self._since)

    def describe(self) -> dict[str, object]:
        """`state`: simulated while it runs, starting: never on_air, for nothing is."""
        return {"state": "simulated" if self.on_air else "starting", "seconds_on_air": round(self.seconds_on_air(), 1)}


class SimulatedScanner:
    """Plays walkers that begin again for ever, `pace` times as fast as life; the same seed plays the same again.

    A radio does not hear itself: with `own`, a second one is imagined that hears our advert while it is on the air.
    """

    name = "simulated"

    def __init__(
        self, walkers: Sequence[Walker], *, seed: int, pace: float = 1.0, own: SimulatedAdvertiser | None = None
    ) -> None:
        if pace <= 0:
            raise ValueError("pace must be more than 0")
        self._walkers, self._seed, self._pace, self._own = tuple(walkers), seed, pace, own
        self._frames = 0
        self._listening = False

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        begin = time.monotonic()
        self._listening = True
        try:
            for sighting in sightings(self._walkers, seed=self._seed):
                at = begin + sighting.at / self._pace
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if self._audible(sighting):
                    self._frames += 1
                    tell(sighting._replace(at=at))
            await asyncio.Event().wait()  # an empty room stays silent
        finally:
            self._listening = False

    def _audible(self, sighting: Sighting) -> bool:
        return self._own is None or sighting.beacon != self._own.beacon or self._own.on_air

    def describe(self) -> dict[str, object]:
        """`state`: simulated while it runs, off: never hearing, for nothing is heard."""
        state = "simulated" if self._listening else "off"
        return {"state": state, "adapter": ADAPTER, "walkers": len(self._walkers), "frames": self._frames}
