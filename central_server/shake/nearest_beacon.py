"""Choose the nearest beacon that brings a project, by the rule of the kiosk.

Of beacons about as near as the nearest, priority decides first, then need, level and identity.
"""

import math
from collections.abc import Mapping, Sequence

from central_server.catalogue.beacon_project import BeaconProject
from central_server.shake.shake_records import Ranged
from sync_contract.beacon_identity import BeaconId

_EQUAL_DB = 3.0
"""Half of the kiosk's margin."""
_AT_ONE_METRE_DBM = -59.0
_IMMEDIATE_M, _NEAR_M = 1.5, 4.0


def nearest(ranged: Sequence[Ranged], found: Mapping[BeaconId, BeaconProject]) -> Ranged | None:
    """Return None if no ranged beacon brings a project."""
    known = [each for each in ranged if each.id in found]
    if not known:
        return None
    strongest = max(_level_db(each) for each in known)
    about = [each for each in known if _level_db(each) >= strongest - _EQUAL_DB]

    def rank(each: Ranged) -> tuple[int, float, float, BeaconId]:
        pick = found[each.id].pick
        return pick.priority, pick.need, _level_db(each), each.id

    return max(about, key=rank)


def zone(ranged: Ranged) -> str:
    """Return immediate within 1.5 m, near within 4 m, else empty, as on the gateway."""
    if ranged.distance_m is None or ranged.distance_m > _NEAR_M:
        return ""
    return "immediate" if ranged.distance_m <= _IMMEDIATE_M else "near"


def _level_db(ranged: Ranged) -> float:
    """Return the RSSI, else the level at the phone's distance, else a level below any measured one."""
    if ranged.rssi is not None:
        return float(ranged.rssi)
    if ranged.distance_m is not None:
        return _AT_ONE_METRE_DBM - 22 * math.log10(max(ranged.distance_m, 0.1))
    return -1000.0
