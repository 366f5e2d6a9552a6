"""What a scanner hears of one tag for a while, in figures."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import monotonic

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.port import Scanner
from beacon_gateway.radio.scan.delivery_check import Delivered, Delivery
from sync_contract.beacon_identity import BeaconId


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one beacon, in `seconds`. None: the radio does not tell, or there was too little to go by."""

    frames: int
    seconds: float
    rssi: int | None
    gap_ms: int | None
    """The median from frame to frame."""
    delivered: Delivered

    def loss(self, interval_ms: int) -> float:
        """0 to 1, against what the tag is set to."""
        return max(0.0, 1 - self.frames * interval_ms / (self.seconds * 1000))


async def listen(scanner: Scanner, seconds: float) -> list[Sighting]:
    """Everybody, for so long from the first frame, or in all when none comes. Raises RadioLost."""
    heard: list[Sighting] = []
    listening = asyncio.create_task(scanner.hear(heard.append))
    try:
        await _wait(listening, lambda: bool(heard), seconds)
        await _wait(listening, lambda: False, seconds)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    return heard


async def _wait(listening: asyncio.Task[None], until: Callable[[], bool], seconds: float) -> None:
    """Until `until()`, or `seconds` have passed; raises what ended the scan."""
    end = monotonic() + seconds
    while monotonic() < end and not until():
        await asyncio.wait({listening}, timeout=0.05)
        if listening.done():
            listening.result()
            return


def figures(sightings: Sequence[Sighting], beacon: BeaconId, seconds: float) -> Heard:
    frames = [sighting for sighting in sightings if sighting.beacon == beacon]
    delivery = Delivery()
    measured = [frame.rssi for frame in frames if frame.rssi is not None]
    gaps = [after.at - before.at for before, after in pairwise(frames)]
    for gap_s in gaps:
        delivery.gap(gap_s)
    return Heard(
        frames=len(frames),
        seconds=seconds,
        rssi=round(median(measured)) if measured else None,
        gap_ms=round(median(gaps) * 1000) if gaps else None,
        delivered=delivery.delivered,
    )
