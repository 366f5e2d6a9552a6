"""iBeacon: proximity UUID, major, minor and the power measured at one metre.

Layout: Apple's "Proximity Beacon Specification" R1, the manufacturer data that follows the company identifier.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Self
from uuid import UUID

from sync_contract.beacon import BeaconId

COMPANY = 0x004C
"""Apple's company identifier (Bluetooth Assigned Numbers 7.1)."""

_LAYOUT = Struct(">2s16sHHb")
_TYPE_AND_LENGTH = b"\x02\x15"


@dataclass(frozen=True, slots=True)
class IBeacon:
    """major, minor: 0 to 65535; measured_power: dBm at 1 m, -128 to 127."""

    uuid: UUID
    major: int
    minor: int
    measured_power: int

    @property
    def beacon(self) -> BeaconId:
        return BeaconId(self.uuid, self.major, self.minor)

    def encode(self) -> bytes:
        """The 23 octets after the company identifier. Raises struct.error when a number is out of range."""
        return _LAYOUT.pack(_TYPE_AND_LENGTH, self.uuid.bytes, self.major, self.minor, self.measured_power)

    @classmethod
    def decode(cls, octets: bytes) -> Self | None:
        """None unless it is 02 15 and exactly 21 octets more."""
        if len(octets) != _LAYOUT.size or not octets.startswith(_TYPE_AND_LENGTH):
            return None
        _, uuid, major, minor, measured_power = _LAYOUT.unpack(octets)
        return cls(UUID(bytes=uuid), major, minor, measured_power)
