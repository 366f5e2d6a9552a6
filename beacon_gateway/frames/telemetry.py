"""What a tag tells of itself, where its format is published and names it."""

from dataclasses import dataclass
from typing import Final

PERCENT: Final = range(101)
LOW_PERCENT: Final = 20
LOW_MV: Final = 2500
"""A CR2032 gives 3.0 V when new and about 2.5 V when nine tenths of it are used up; tags end near 2.0 V."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """None: the tag does not say. `battery_percent`: 0 to 100, by the tag's own reckoning."""

    battery_mv: int | None = None
    battery_percent: int | None = None
    temperature_c: float | None = None

    @property
    def battery_low(self) -> bool:
        """Change it soon. False too where the tag does not say."""
        if self.battery_percent is not None:
            return self.battery_percent <= LOW_PERCENT
        return self.battery_mv is not None and self.battery_mv <= LOW_MV
