"""Decode the Battery Service: one byte of service data, the charge in percent.

Layout: Bluetooth SIG "Battery Service" 1.1, the characteristic Battery Level (0x2A19), which tags put into the service
data of 0x180F (Supplement to the Core Specification, Part A 1.11), with an iBeacon or in its scan response.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0x180F


def decode(data: bytes) -> Telemetry | None:
    """Return None unless `data` is one byte of at most 100."""
    return Telemetry(battery_percent=data[0]) if len(data) == 1 and data[0] in PERCENT else None
