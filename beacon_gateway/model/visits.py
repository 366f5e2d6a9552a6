"""What happens to a visit; each event carries its reason in numbers."""

from dataclasses import dataclass
from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Zone


class Crossing(NamedTuple):
    """What was believed of one edge between two zones."""

    edge_m: float
    """Where it lies, metres."""
    evidence_s: float
    """Seconds of clear evidence that were reached."""
    asked_s: float
    """So many were asked for: the more, the more often the edge was crossed lately."""
    crossings: float
    """Lately, before this one; each is forgotten over some minutes, so it is seldom a whole number."""


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
    crossed: tuple[Crossing, ...] = ()
    """One edge or two, the inner one first; none when the RSSI came or went."""


@dataclass(frozen=True, slots=True)
class Left:
    """`dwell_s`: from arrival to the last frame heard, seconds."""

    beacon: Beacon
    at: float
    dwell_s: float
    reason: str


VisitEvent = Arrived | ZoneChanged | Left
