"""Bytes on the air to frames. A new format is one file here and one line in DECODERS."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from beacon_gateway.frames import battery_service, eddystone_tlm, feasybeacon, ibeacon, minew
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.frames.telemetry import Telemetry

T = TypeVar("T", bound=IBeacon | Telemetry)


@dataclass(frozen=True, slots=True)
class Identity:
    """In manufacturer data, the octets that follow the company identifier."""

    company: int
    read: Callable[[bytes], IBeacon | None]


@dataclass(frozen=True, slots=True)
class Telling:
    """In service data, the octets that follow the 16-bit service identifier."""

    service: int
    read: Callable[[bytes], Telemetry | None]


DECODERS: Final[tuple[Identity | Telling, ...]] = (
    Identity(ibeacon.COMPANY, IBeacon.decode),
    Telling(eddystone_tlm.SERVICE, eddystone_tlm.decode),
    Telling(battery_service.SERVICE, battery_service.decode),
    Telling(minew.SERVICE, minew.decode),
    Telling(feasybeacon.SERVICE, feasybeacon.decode),
)
"""Each reads strictly: None for foreign octets, never an exception. The first that understands wins."""

REMEMBERED = 1024
"""Octets whose reading is remembered, understood or not: a beacon says the same thing ten times a second."""


class Remembered(dict[bytes | None, T | None]):
    """Readings by their octets. `remembered[octets]` never fails: what is new is read, and of no octets there is none.

    Full, it is emptied: that costs each beacon one reading more, and a flood of new octets no memory.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[bytes], T | None]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, octets: bytes | None) -> T | None:
        if len(self) >= REMEMBERED:
            self.clear()
        frame = self[octets] = None if octets is None else self._read(octets)
        return frame


_identities = [(each.company, Remembered(each.read)) for each in DECODERS if isinstance(each, Identity)]
_company, _remembered = _identities[0]
_reading = _remembered.__getitem__
_tellings = {
    f"{each.service:08x}-0000-1000-8000-00805f9b34fb": Remembered(each.read)
    for each in DECODERS
    if isinstance(each, Telling)
}


def _only_read(manufacturer_data: Mapping[int, bytes]) -> IBeacon | None:
    return _reading(manufacturer_data.get(_company))


def first_read(
    identities: Iterable[tuple[int, Remembered[IBeacon]]], manufacturer_data: Mapping[int, bytes]
) -> IBeacon | None:
    """By the first of these companies' formats that understands."""
    frames = (remembered[manufacturer_data.get(company)] for company, remembered in identities)
    return next((frame for frame in frames if frame is not None), None)


decode: Final[Callable[[Mapping[int, bytes]], IBeacon | None]] = (
    _only_read if len(_identities) == 1 else partial(first_read, _identities)
)
"""The frame in an advert's manufacturer data, by company identifier; None when it is none of ours to read.

With one format it is one look into a table.
"""


def telemetry(service_data: Mapping[str, bytes]) -> Telemetry | None:
    """What an advert's service data tells of the tag. Keys: 128-bit service identifiers in lower case, as BlueZ's."""
    for service, octets in service_data.items():
        remembered = _tellings.get(service)
        if remembered is not None and (told := remembered[octets]) is not None:
            return told
    return None
