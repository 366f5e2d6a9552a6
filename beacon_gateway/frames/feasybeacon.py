"""Feasycom's General Advertising Frame: a beacon's battery in percent.

Layout: Feasycom, "FeasyBeacon General Advertising", the service data of 0xFFF0: model, version (2), feature, radio
address (6), battery; 0x65 is a supply without a battery. Many other devices use 0xFFF0, so only known models count.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0xFFF0

_MODELS = frozenset({0x15, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E})
_SIZE, _BATTERY, _NO_BATTERY = 11, 10, 0x65


def decode(octets: bytes) -> Telemetry | None:
    """None unless it is a known model's frame of exactly 11 octets."""
    if len(octets) != _SIZE or octets[0] not in _MODELS:
        return None
    battery = octets[_BATTERY]
    if battery == _NO_BATTERY:
        return Telemetry()
    return Telemetry(battery_percent=battery) if battery in PERCENT else None
