"""Compute when something happened on a gateway whose clock may be wrong.

The first reading of a boot with a synchronised clock is its anchor. Other readings of that boot are placed by their
distance from it on the monotonic clock. The result depends on what arrived, not on the order of arrival.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import (
    EARLIEST_TRUSTED,
    ClockReading,
    IntentRegistered,
    Parcel,
    SignedAcceptanceSheet,
    StaffCalled,
)

HOUR = timedelta(hours=1)
_SLACK = timedelta(minutes=5)


class Anchor(NamedTuple):
    """A reading of a boot whose wall clock was synchronised."""

    monotonic_ns: int
    wall: datetime

    def is_before(self, other: "Anchor") -> bool:
        return self < other


class EventTime(NamedTuple):
    """`sure`: by a clock that was synchronised then, or later in the same boot."""

    at: datetime
    sure: bool


def start_reading(parcel: Parcel) -> ClockReading:
    """Return the reading of when the parcel's subject began."""
    at_once = IntentRegistered | SignedAcceptanceSheet | StaffCalled
    return parcel.clock if isinstance(parcel.body, at_once) else parcel.body.start


def anchors(parcels: Iterable[tuple[str, Parcel]]) -> dict[tuple[str, str], Anchor]:
    """Return the earliest anchor that the parcels, each with its gateway, contain of each gateway's boot."""
    found: dict[tuple[str, str], Anchor] = {}
    for gateway, parcel in parcels:
        for reading in (parcel.clock, start_reading(parcel)):
            if reading.reliable:
                anchor, key = Anchor(reading.monotonic_ns, reading.wall), (gateway, reading.boot)
                if key not in found or anchor.is_before(found[key]):
                    found[key] = anchor
    return found


def event_time(reading: ClockReading, anchor: Anchor | None, received_at: datetime) -> EventTime:
    """Return when the reading was taken; not later than `received_at`, whatever a clock says."""
    if reading.reliable:
        at, sure = reading.wall, True
    elif anchor is not None:
        at, sure = anchor.wall + timedelta(microseconds=(reading.monotonic_ns - anchor.monotonic_ns) // 1000), True
    else:
        at, sure = reading.wall, False
    if not EARLIEST_TRUSTED <= at <= received_at + _SLACK:
        return EventTime(received_at, sure=False)
    return EventTime(min(at, received_at), sure)


def hour(at: datetime) -> datetime:
    """Return the start of its hour; official time has no half hours and no summer time."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day(at: datetime) -> datetime:
    """Return the start of its day in official time."""
    return at.astimezone(OFFICIAL_TIME).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
