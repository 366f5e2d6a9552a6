"""Decode Minew's Info frame: a tag's battery in percent.

Layout: Shenzhen Minew, "MiniBeaconPlus Configuration Instruction" 2.2, the service data of 0xFFE1: A1, version 08,
battery, radio address (6), name. The address is not read.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0xFFE1

_INFO = b"\xa1\x08"
_BATTERY, _SHORTEST = 2, 9


def decode(data: bytes) -> Telemetry | None:
    """Return None unless `data` is A1 08, a percentage and at least six more bytes."""
    if len(data) < _SHORTEST or not data.startswith(_INFO) or data[_BATTERY] not in PERCENT:
        return None
    return Telemetry(battery_percent=data[_BATTERY])
