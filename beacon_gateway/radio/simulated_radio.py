"""Simulate a radio: a scanner that plays walks through a room, and an advertiser that it receives."""

import asyncio
import time
from collections.abc import Callable, Sequence

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import IdentityStatus, RadioStatus
from beacon_gateway.simulation.room import ADAPTER, Walker, simulate_sightings
from sync_contract.beacon_identity import BeaconId


class SimulatedAdvertiser:
    """On the air while `keep_on_air` runs."""

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

    def read_status(self) -> IdentityStatus:
        """Return `simulated` as the state while it runs, else `starting`; never on_air, as nothing is sent."""
        return IdentityStatus("simulated" if self.on_air else "starting", seconds_on_air=self.seconds_on_air())


class SimulatedScanner:
    """Play walkers in an endless loop, `pace` times as fast as real time; the same seed gives the same sightings.

    `own` is received while it is on the air, as if by a second radio.
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

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        begin = time.monotonic()
        self._listening = True
        try:
            for sighting in simulate_sightings(self._walkers, seed=self._seed):
                at = begin + sighting.at / self._pace
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if self._is_received(sighting):
                    self._frames += 1
                    on_sighting(sighting._replace(at=at))
            await asyncio.Event().wait()  # an empty room stays silent
        finally:
            self._listening = False

    def _is_received(self, sighting: Sighting) -> bool:
        return self._own is None or sighting.beacon != self._own.beacon or self._own.on_air

    def read_status(self) -> RadioStatus:
        """Return `simulated` as the state while it runs, else `off`."""
        state = "simulated" if self._listening else "off"
        return RadioStatus(state, frames=self._frames, adapter=ADAPTER, walkers=len(self._walkers))
