"""Decode unencrypted Eddystone-TLM: a tag's own voltage and temperature.

Layout: Google's "Unencrypted TLM Frame Specification", the service data of service 0xFEAA. Many iBeacon tags send
it between their iBeacon frames, from the same radio address; it contains no beacon identity.
"""

from struct import Struct

from beacon_gateway.frames.telemetry import Telemetry

SERVICE = 0xFEAA
"""Eddystone's service identifier (Bluetooth Assigned Numbers 3.10)."""

_LAYOUT = Struct(">BBHhII")
_FRAME_TYPE, _PLAIN = 0x20, 0x00
_NO_VOLTAGE, _NO_TEMPERATURE = 0, -0x8000


def decode(data: bytes) -> Telemetry | None:
    """Return None unless `data` is 20 00 and exactly 12 more bytes; a value that the tag does not measure is None."""
    if len(data) != _LAYOUT.size:
        return None
    frame_type, version, millivolts, temperature, _frames, _uptime = _LAYOUT.unpack(data)
    if (frame_type, version) != (_FRAME_TYPE, _PLAIN):
        return None
    return Telemetry(
        battery_mv=None if millivolts == _NO_VOLTAGE else millivolts,
        temperature_c=None if temperature == _NO_TEMPERATURE else temperature / 256,
    )
