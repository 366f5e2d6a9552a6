"""Events of a visit: arrival, change of zone, departure. Each has its reason. Times are monotonic seconds."""

from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.model.reasons import VisitReason


@dataclass(frozen=True, slots=True)
class Arrived:
    beacon: Beacon
    zone: Zone
    at: float
    reason: VisitReason


@dataclass(frozen=True, slots=True)
class ZoneChanged:
    beacon: Beacon
    before: Zone
    after: Zone
    at: float
    reason: VisitReason


@dataclass(frozen=True, slots=True)
class Left:
    """`in_range_s`: from arrival to the last frame. `near_s`: how much of it the beacon was near; None: never."""

    beacon: Beacon
    at: float
    in_range_s: float
    near_s: float | None
    reason: VisitReason


VisitEvent = Arrived | ZoneChanged | Left
