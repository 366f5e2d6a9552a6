"""Minew's Info frame: a tag's battery in percent.

Layout: Shenzhen Minew, "MiniBeaconPlus Configuration Instruction" 2.2, the service data of 0xFFE1: A1, version 08,
battery, radio address (6), name. The address is passed over: it is kept nowhere.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0xFFE1

_INFO = b"\xa1\x08"
_BATTERY, _SHORTEST = 2, 9


def decode(octets: bytes) -> Telemetry | None:
    """None unless it is A1 08, a percentage and six octets or more."""
    if len(octets) < _SHORTEST or not octets.startswith(_INFO) or octets[_BATTERY] not in PERCENT:
        return None
    return Telemetry(battery_percent=octets[_BATTERY])
