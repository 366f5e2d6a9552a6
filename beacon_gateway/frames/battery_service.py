"""Battery Service: one octet of service data, the charge in percent.

Layout: Bluetooth SIG "Battery Service" 1.1, the characteristic Battery Level (0x2A19), which tags put into the service
data of 0x180F (Supplement to the Core Specification, Part A 1.11), beside an iBeacon or in its scan response.
"""

from beacon_gateway.frames.telemetry import PERCENT, Telemetry

SERVICE = 0x180F


def decode(octets: bytes) -> Telemetry | None:
    """None unless it is one octet of at most 100."""
    return Telemetry(battery_percent=octets[0]) if len(octets) == 1 and octets[0] in PERCENT else None
