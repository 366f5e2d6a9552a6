"""Does a scan tell every advert of a beacon, or only the first in each scan? From the gaps between its frames. Pure."""

from collections import deque
from enum import StrEnum

from sync_contract.beacon import BeaconId

LEAST_SCAN_S, MOST_SCAN_S = 8.0, 14.0
"""A filtered beacon comes about 10.9 s after the last time: the kernel's scan of 10.24 s and its renewal."""
SHORT_S = 5.0
LATEST = 32
"""Gaps judged together."""
LEAST_LONG = 3
MOST_BEACONS = 64


class Delivered(StrEnum):
    every_advert = "every_advert"
    once_a_scan = "once_a_scan"
    """The controller filters duplicates, and nobody asked it not to."""
    not_known = "not_known"


class Delivery:
    """Of one adapter's scan. Time is an argument: monotonic seconds."""

    def __init__(self) -> None:
        self._heard_at: dict[BeaconId, float] = {}
        self._short: deque[bool] = deque(maxlen=LATEST)

    def heard(self, beacon: BeaconId, at: float) -> None:
        before = self._heard_at.get(beacon)
        if before is None and len(self._heard_at) >= MOST_BEACONS:
            return
        self._heard_at[beacon] = at
        if before is None:
            return
        if 0 <= (gap_s := at - before) < SHORT_S:
            self._short.append(True)
        elif LEAST_SCAN_S <= gap_s <= MOST_SCAN_S:
            self._short.append(False)

    def begin(self) -> None:
        """Another scan: what the last one told says nothing of it."""
        self._heard_at.clear()
        self._short.clear()

    @property
    def delivered(self) -> Delivered:
        """Beacons that advertise every 10 s look filtered: one quicker beacon among them shows that they are not."""
        if any(self._short):
            return Delivered.every_advert
        return Delivered.once_a_scan if len(self._short) >= LEAST_LONG else Delivered.not_known
