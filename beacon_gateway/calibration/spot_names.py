"""Name the spots of a walk in Chinese and English."""

from beacon_gateway.calibration.measurement import Spot, SpotKind

_NAMES = {
    SpotKind.reference: ("信息屏前", "in front of the kiosk"),
    SpotKind.door: ("门口", "at the door"),
    SpotKind.far_wall: ("最远的墙边", "at the far wall"),
    SpotKind.neighbour: ("另一台信息屏", "at the other kiosk"),
}


def name_spot_in_both(spot: Spot) -> tuple[str, str]:
    chinese, english = _NAMES[spot.kind]
    return f"{chinese}“{spot.name}”" if spot.name else chinese, f"{english}, {spot.metres:g} m"


def name_spot(spot: Spot) -> str:
    return " ".join(name_spot_in_both(spot))
