"""Decode the bytes of adverts into frames. A new format is one file in this package and one line in DECODERS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from beacon_gateway.frames import battery_service, eddystone_tlm, feasybeacon, ibeacon, minew
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.frames.telemetry import Telemetry

T = TypeVar("T", bound=IBeacon | Telemetry)


@dataclass(frozen=True, slots=True)
class IdentityFormat:
    """A format in manufacturer data: `decode` receives the bytes after the company identifier."""

    company: int
    decode: Callable[[bytes], IBeacon | None]


@dataclass(frozen=True, slots=True)
class TelemetryFormat:
    """A format in service data: `decode` receives the bytes after the 16-bit service identifier."""

    service: int
    decode: Callable[[bytes], Telemetry | None]


DECODERS: Final[tuple[IdentityFormat | TelemetryFormat, ...]] = (
    IdentityFormat(ibeacon.COMPANY, IBeacon.decode),
    TelemetryFormat(eddystone_tlm.SERVICE, eddystone_tlm.decode),
    TelemetryFormat(battery_service.SERVICE, battery_service.decode),
    TelemetryFormat(minew.SERVICE, minew.decode),
    TelemetryFormat(feasybeacon.SERVICE, feasybeacon.decode),
)
"""Each decodes strictly: None for other bytes, never an exception. The first that returns a frame wins."""

CACHE_SIZE = 1024


class FrameCache(dict[bytes | None, T | None]):
    """Decoded frames by their bytes, valid or not: a beacon repeats the same bytes ten times a second.

    `cache[data]` decodes new bytes and never fails; the frame of None is None. A full cache is emptied: this costs each
    beacon one more decoding, and a flood of new bytes no memory.
    """

    __slots__ = ("_decode",)

    def __init__(self, decode: Callable[[bytes], T | None]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, data: bytes | None) -> T | None:
        if len(self) >= CACHE_SIZE:
            self.clear()
        frame = self[data] = None if data is None else self._decode(data)
        return frame


IDENTITY_CACHES: Final = [
    (each.company, FrameCache(each.decode)) for each in DECODERS if isinstance(each, IdentityFormat)
]
_TELEMETRY_CACHES = {
    f"{each.service:08x}-0000-1000-8000-00805f9b34fb": FrameCache(each.decode)
    for each in DECODERS
    if isinstance(each, TelemetryFormat)
}


def decode(manufacturer_data: Mapping[int, bytes]) -> IBeacon | None:
    """Return the frame in an advert's manufacturer data, by company identifier; None if there is none."""
    for company, cache in IDENTITY_CACHES:
        if (frame := cache[manufacturer_data.get(company)]) is not None:
            return frame
    return None


def decode_telemetry(service_data: Mapping[str, bytes]) -> Telemetry | None:
    """Return the telemetry in an advert's service data. Keys: 128-bit service identifiers in lower case, as BlueZ's."""
    for service, data in service_data.items():
        cache = _TELEMETRY_CACHES.get(service)
        if cache is not None and (telemetry := cache[data]) is not None:
            return telemetry
    return None
