"""Bytes on the air to frames. A new format is one file here and one line in DECODERS."""

from collections.abc import Callable, Mapping
from typing import Final

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon

DECODERS: Final[tuple[tuple[int, Callable[[bytes], IBeacon | None]], ...]] = ((COMPANY, IBeacon.decode),)
"""Company identifier and what reads its manufacturer data; the first that understands wins."""


def decode(manufacturer_data: Mapping[int, bytes]) -> IBeacon | None:
    """The frame in an advert's manufacturer data, by company identifier; None when it is none of ours to read."""
    for company, read in DECODERS:
        octets = manufacturer_data.get(company)
        if octets is not None and (frame := read(octets)) is not None:
            return frame
    return None
