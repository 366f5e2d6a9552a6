"""Decode Feasycom's General Advertising Frame: a beacon's battery in percent.

Layout: Feasycom, "FeasyBeacon General Advertising", the service data of 0xFFF0: model, version (2), feature, radio
address (6), battery; 0x65 is a supply without a battery. Many other devices use 0xFFF0, so only known models count.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0xFFF0

_MODELS = frozenset({0x15, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E})
_SIZE, _BATTERY, _NO_BATTERY = 11, 10, 0x65


def decode(data: bytes) -> Telemetry | None:
    """Return None unless `data` is a frame of a known model with exactly 11 bytes."""
    if len(data) != _SIZE or data[0] not in _MODELS:
        return None
    battery = data[_BATTERY]
    if battery == _NO_BATTERY:
        return Telemetry()
    return Telemetry(battery_percent=battery) if battery in PERCENT else None
