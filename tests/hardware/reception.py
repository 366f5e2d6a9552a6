"""Measure how a scanner receives one tag."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import monotonic

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import DeliveredAdverts
from beacon_gateway.radio.ports import Scanner
from beacon_gateway.radio.scan.delivery_check import DeliveryCheck
from sync_contract.beacon_identity import BeaconId


@dataclass(frozen=True, slots=True)
class Measurement:
    """Frames of one beacon in `seconds`. `gap_ms`: median gap between frames. None: unknown, or too few frames."""

    frames: int
    seconds: float
    rssi: int | None
    gap_ms: int | None
    delivered: DeliveredAdverts

    def loss(self, interval_ms: int) -> float:
        """Return the share of lost frames, 0 to 1. `interval_ms`: as the tag is configured."""
        return max(0.0, 1 - self.frames * interval_ms / (self.seconds * 1000))


async def listen(scanner: Scanner, seconds: float) -> list[Sighting]:
    """Return all sightings for `seconds` after the first, or none after `seconds`. Raise RadioLost."""
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
    """Wait until `until()` or for `seconds`; raise the error that ended the scan."""
    end = monotonic() + seconds
    while monotonic() < end and not until():
        await asyncio.wait({listening}, timeout=0.05)
        if listening.done():
            listening.result()
            return


def measure(sightings: Sequence[Sighting], beacon: BeaconId, seconds: float) -> Measurement:
    frames = [sighting for sighting in sightings if sighting.beacon == beacon]
    delivery = DeliveryCheck()
    measured = [frame.rssi for frame in frames if frame.rssi is not None]
    gaps = [after.at - before.at for before, after in pairwise(frames)]
    for gap_s in gaps:
        delivery.add_gap(gap_s)
    return Measurement(
        frames=len(frames),
        seconds=seconds,
        rssi=round(median(measured)) if measured else None,
        gap_ms=round(median(gaps) * 1000) if gaps else None,
        delivered=delivery.delivered,
    )
