"""Encode and decode iBeacon: proximity UUID, major, minor and the power measured at one metre.

Layout: Apple's "Proximity Beacon Specification" R1, the manufacturer data that follows the company identifier.
"""

from struct import Struct
from typing import Final, Self
from uuid import UUID

from sync_contract.beacon_identity import BeaconId

COMPANY = 0x004C
"""Apple's company identifier (Bluetooth Assigned Numbers 7.1)."""

IBEACONS: Final = b"\x4c\x00\x02\x15"
"""First bytes of the manufacturer data of every iBeacon: company identifier, type and length."""

_LAYOUT = Struct(">2s16sHHb")
_TYPE_AND_LENGTH = b"\x02\x15"
_SIZE: Final = _LAYOUT.size
_unpack, _new = _LAYOUT.unpack, object.__new__


class IBeacon:
    """A frame, compared by value. major, minor: 0 to 65535; measured_power: dBm at 1 m, -128 to 127.

    Creating a UUID and BeaconId takes 2 µs, and most frames on a street are of unknown beacons, so `beacon` is created
    on first use.
    """

    __slots__ = ("_beacon", "_fields")
    _beacon: BeaconId
    _fields: tuple[bytes, bytes, int, int, int]

    def __init__(self, uuid: UUID, major: int, minor: int, measured_power: int) -> None:
        self._fields = (_TYPE_AND_LENGTH, uuid.bytes, major, minor, measured_power)

    @property
    def beacon(self) -> BeaconId:
        try:
            return self._beacon
        except AttributeError:
            _, uuid, major, minor, _ = self._fields
            self._beacon = BeaconId(UUID(bytes=uuid), major, minor)
            return self._beacon

    @property
    def uuid(self) -> UUID:
        return self.beacon.uuid

    @property
    def major(self) -> int:
        return self._fields[2]

    @property
    def minor(self) -> int:
        return self._fields[3]

    @property
    def measured_power(self) -> int:
        return self._fields[4]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IBeacon) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"IBeacon({self.beacon}, {self.measured_power} dBm)"

    def encode(self) -> bytes:
        """Return the 23 bytes after the company identifier. Raise struct.error when a number is out of range."""
        return _LAYOUT.pack(*self._fields)

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """Return None unless `data` is 02 15 and exactly 21 more bytes."""
        if len(data) != _SIZE:
            return None
        fields = _unpack(data)
        if fields[0] != _TYPE_AND_LENGTH:
            return None
        frame = _new(cls)
        frame._fields = fields
        return frame
