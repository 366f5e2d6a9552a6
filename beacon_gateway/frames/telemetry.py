"""What a tag tells of itself, where its format is published and names it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Telemetry:
    """None: the tag does not say."""

    battery_mv: int | None
    temperature_c: float | None
