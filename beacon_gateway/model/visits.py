"""What happens to a visit; each event carries its reason in numbers."""

from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon, Zone


@dataclass(frozen=True, slots=True)
class Arrived:
    """`at`: monotonic seconds."""

    beacon: Beacon
    zone: Zone
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class ZoneChanged:
    beacon: Beacon
    before: Zone
    after: Zone
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Left:
    """`dwell_s`: from arrival to the last frame heard, seconds."""

    beacon: Beacon
    at: float
    dwell_s: float
    reason: str


VisitEvent = Arrived | ZoneChanged | Left
