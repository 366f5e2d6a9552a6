"""The beacon that counts: the nearest one that brings a project, by the rule of the kiosk.

Of those about as near as the nearest, priority goes first, then need, then level, then identity.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central_server.shake.shake_records import Ranged
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Project

_EQUAL_DB = 3.0
"""Half of the kiosk's margin."""
_AT_ONE_METRE_DBM = -59.0
_IMMEDIATE_M, _NEAR_M = 1.5, 4.0


@dataclass(frozen=True, slots=True)
class Brought:
    """What a place beacon brings now. `place`: the community to which the beacon belongs; `stands_at`: that, or a site
    of it; empty where nobody knows."""

    project: Project
    place: str
    priority: int = 0
    need: float = 0.0
    stands_at: str = ""


@dataclass(frozen=True, slots=True)
class Stands:
    """Of a place beacon of ours: its community, and where it stands, that or a site of it."""

    place: str
    stands_at: str


@dataclass(frozen=True, slots=True)
class Hall:
    """What is on show at a place, in the order in which pages list it."""

    place: str
    projects: tuple[Project, ...]


class Bindings(Protocol):
    """Which project is where. Beacons that people carry are never told: a pass leaves a row behind."""

    async def at(self, zones: Mapping[BeaconId, str], now: datetime) -> Mapping[BeaconId, Brought]:
        """Those of the beacons that bring a project now; a zone is immediate, near, or empty where nobody knows."""

    async def stand(self, beacons: Collection[BeaconId], now: datetime) -> Mapping[BeaconId, Stands]:
        """Those of them that are place beacons of ours, whether they bring a project now or not."""

    async def hall(self, place: str | None) -> Hall | None:
        """None when there is no such place; without a place, the one hall there is, else what is on show everywhere."""

    async def project(self, place: str, project: str) -> Project | None:
        """Also one that is not on show any more."""


def nearest(ranged: Sequence[Ranged], brought: Mapping[BeaconId, Brought]) -> Ranged | None:
    """None when none of them brings a project."""
    known = [each for each in ranged if each.id in brought]
    if not known:
        return None
    strongest = max(_level_db(each) for each in known)
    about = [each for each in known if _level_db(each) >= strongest - _EQUAL_DB]

    def rank(each: Ranged) -> tuple[int, float, float, BeaconId]:
        found = brought[each.id]
        return found.priority, found.need, _level_db(each), each.id

    return max(about, key=rank)


def zone(ranged: Ranged) -> str:
    """As the gateway has it: within 1.5 m immediate, within 4 m near."""
    if ranged.distance_m is None or ranged.distance_m > _NEAR_M:
        return ""
    return "immediate" if ranged.distance_m <= _IMMEDIATE_M else "near"


def _level_db(ranged: Ranged) -> float:
    """The RSSI; else what the phone's distance stands for; else weaker than any that was measured."""
    if ranged.rssi is not None:
        return float(ranged.rssi)
    if ranged.distance_m is not None:
        return _AT_ONE_METRE_DBM - 22 * math.log10(max(ranged.distance_m, 0.1))
    return -1000.0
