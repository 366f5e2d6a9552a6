"""The telemetry of a tag: battery and temperature, from formats with a published layout."""

from dataclasses import dataclass
from typing import Final

PERCENT: Final = range(101)
LOW_PERCENT: Final = 20
LOW_MV: Final = 2500
"""A CR2032 has 3.0 V when new and about 2.5 V when nine tenths of it are used; tags stop near 2.0 V."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """None: the tag does not report it. `battery_percent`: 0 to 100, as the tag estimates it."""

    battery_mv: int | None = None
    battery_percent: int | None = None
    temperature_c: float | None = None

    @property
    def battery_low(self) -> bool:
        """Whether the battery should be replaced soon; False if the tag does not report it."""
        if self.battery_percent is not None:
            return self.battery_percent <= LOW_PERCENT
        return self.battery_mv is not None and self.battery_mv <= LOW_MV
