"""Does a scan tell every advert of a beacon, or only the first in each scan? From the gaps between its frames. Pure."""

from enum import StrEnum

LEAST_SCAN_S, MOST_SCAN_S = 8.0, 14.0
"""A filtered beacon comes about 10.9 s after the last time: the kernel's scan of 10.24 s and its renewal."""
SHORT_S = 5.0
LATEST = 32
"""So many long gaps in a row show that a filter has come since the last short one."""
LEAST_LONG = 3


class Delivered(StrEnum):
    every_advert = "every_advert"
    once_a_scan = "once_a_scan"
    """The controller filters duplicates, and nobody asked it not to."""
    not_known = "not_known"


class Delivery:
    """Of one adapter's scan, all beacons together."""

    def __init__(self) -> None:
        self.short = False
        """A gap below SHORT_S came since the last long one. May be set instead of a call, since most gaps are short."""
        self._ever_short = False
        self._long = 0
        """In a row."""

    def gap(self, seconds: float) -> None:
        """Between two frames from one address."""
        if 0 <= seconds < SHORT_S:
            self.short = True
        elif LEAST_SCAN_S <= seconds <= MOST_SCAN_S:
            if self.short:
                self.short, self._ever_short, self._long = False, True, 0
            self._long += 1

    def begin(self) -> None:
        """Another scan: what the last one told says nothing of it."""
        self.short, self._ever_short, self._long = False, False, 0

    @property
    def delivered(self) -> Delivered:
        """Beacons that advertise every 10 s look filtered: one quicker beacon among them shows that they are not."""
        if self.short or (self._ever_short and self._long < LATEST):
            return Delivered.every_advert
        return Delivered.once_a_scan if self._long >= LEAST_LONG else Delivered.not_known
