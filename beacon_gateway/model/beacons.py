"""Known beacons, zones, and the sighting of one received frame."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind


class Zone(StrEnum):
    """The zone by estimated distance; unknown if the radio reports no RSSI."""

    immediate = "immediate"
    near = "near"
    far = "far"
    unknown = "unknown"


POWER_UNSET = 0
"""No tag reaches 0 dBm at 1 m: those that were never calibrated announce it."""
USUAL_POWER = -59
_ANNOUNCED = range(-90, -29)
"""A tag that announces another power was never calibrated."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """A beacon on the allow-list. `measured_power`: dBm at 1 m, or POWER_UNSET for what the beacon announces;
    `tag_class`: the class of a person's tag.

    `path_loss_exponent`: of its place; None for the one of the rules. `own`: this gateway sends it, so it does not
    select a project.
    """

    id: BeaconId
    kind: BeaconKind
    label: str
    measured_power: int = -59
    tag_class: str = ""
    project: str | None = None
    path_loss_exponent: float | None = None
    own: bool = False


def power_at_1m(beacon: Beacon, announced: int | None) -> int:
    """Return the set power in dBm, else the announced one if a tag can have it, else the usual one."""
    if beacon.measured_power != POWER_UNSET:
        return beacon.measured_power
    return USUAL_POWER if announced is None or announced not in _ANNOUNCED else announced


class Sighting(NamedTuple):
    """A received frame. `rssi`: dBm, None if not available; `at`: monotonic seconds; `adapter`: e.g. hci0;
    `measured_power`: dBm at 1 m that it announces.

    A tuple, because one is created per advert: a frozen dataclass takes three times as long.
    """

    beacon: BeaconId
    rssi: int | None
    at: float
    measured_power: int | None
    adapter: str
