"""Bounds of RSSI and transmit power in dBm.

Source: Bluetooth Core Specification 5.4, Vol 4, Part E, 7.7.65.2 (RSSI) and 7.8.6 (transmit power).
"""

from typing import Annotated, Final

from msgspec import Meta
from pydantic import Field

MIN_DBM: Final = -127
MAX_DBM: Final = 20
UNAVAILABLE: Final = 127
"""RSSI that a controller reports when it has not measured any."""
LEVELS: Final = range(MIN_DBM, MAX_DBM + 1)

Dbm = Annotated[int, Meta(ge=MIN_DBM, le=MAX_DBM), Field(ge=MIN_DBM, le=MAX_DBM)]


def is_level(dbm: int) -> bool:
    """Return whether a controller can report `dbm` as a measured level."""
    return dbm in LEVELS


def clamp_dbm(dbm: int) -> int:
    """Return `dbm`, or the nearest level that a controller can report."""
    return max(MIN_DBM, min(MAX_DBM, dbm))
