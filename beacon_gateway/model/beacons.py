"""The beacons that this gateway knows, and one frame heard here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind


class Zone(StrEnum):
    """How near, by estimated distance; unknown when the radio gives no RSSI."""

    immediate = "immediate"
    near = "near"
    far = "far"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Beacon:
    """A beacon on the allow-list. `measured_power`: dBm at 1 m; `tag_class`: what a person's tag counts as.

    `path_loss_exponent`: of the place where it is heard; None is the rules' own. `own`: this gateway sends it, so it
    chooses no screen here.
    """

    id: BeaconId
    kind: BeaconKind
    label: str
    measured_power: int = -59
    tag_class: str = ""
    project: str | None = None
    path_loss_exponent: float | None = None
    own: bool = False


class Sighting(NamedTuple):
    """A frame heard here. `rssi`: dBm, None when not available; `at`: monotonic seconds; `adapter`: e.g. hci0.

    A tuple, since one is made for each advert: a frozen dataclass takes three times as long.
    """

    beacon: BeaconId
    rssi: int | None
    at: float
    measured_power: int | None
    adapter: str
