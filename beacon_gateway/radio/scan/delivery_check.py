"""Determine from the gaps between frames whether a scan delivers every advert or only one per scan. Pure."""

from beacon_gateway.model.radio_status import DeliveredAdverts
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings

MAX_LONG_GAPS = 32
"""This many long gaps in a row show that a filter has become active since the last short gap."""
MIN_LONG_GAPS = 3


class DeliveryCheck:
    """Gaps of one adapter's scan, of all beacons together."""

    def __init__(self, timings: RadioTimings = DEFAULT_TIMINGS) -> None:
        self.short_s = timings.short_gap_s
        self._filtered_gap_s = timings.filtered_gap_s
        self.short = False
        """A gap below `short_s` since the last long one. Callers may set it instead of a call: most gaps are short."""
        self._ever_short = False
        self._long_in_a_row = 0

    def add_gap(self, seconds: float) -> None:
        """Count the gap between two frames of one address."""
        if 0 <= seconds < self.short_s:
            self.short = True
        elif self._filtered_gap_s[0] <= seconds <= self._filtered_gap_s[1]:
            if self.short:
                self.short, self._ever_short, self._long_in_a_row = False, True, 0
            self._long_in_a_row += 1

    def begin(self) -> None:
        """Start another scan: the gaps of the last one do not count."""
        self.short, self._ever_short, self._long_in_a_row = False, False, 0

    @property
    def delivered(self) -> DeliveredAdverts:
        """Beacons that advertise every 10 s look filtered; one faster beacon among them shows that they are not."""
        if self.short or (self._ever_short and self._long_in_a_row < MAX_LONG_GAPS):
            return DeliveredAdverts.every_advert
        return DeliveredAdverts.once_a_scan if self._long_in_a_row >= MIN_LONG_GAPS else DeliveredAdverts.not_known
