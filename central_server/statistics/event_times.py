"""When something on a gateway happened. Its clock may lie: what it counted since it started does not.

A boot's first reading with a synchronised clock is its anchor: other readings of that boot are placed by their distance
from it on the monotonic clock. The answer depends on what arrived, never on the order in which it arrived.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import ClockReading, IntentRegistered, Parcel

HOUR = timedelta(hours=1)
_SLACK = timedelta(minutes=5)
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""A clock that says less stands where it stood when the board was made."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The boot's wall clock was right, and said `wall`, at `monotonic_ns`."""

    monotonic_ns: int
    wall: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """`sure`: by a clock that was synchronised, at the time or later in the same boot."""

    at: datetime
    sure: bool


def reading(parcel: Parcel) -> ClockReading:
    """The one that tells when the parcel's subject began."""
    return parcel.clock if isinstance(parcel.body, IntentRegistered) else parcel.body.start


def anchors(parcel: Parcel) -> dict[str, Anchor]:
    """By boot."""
    found: dict[str, Anchor] = {}
    for told in (parcel.clock, reading(parcel)):
        if told.trusted:
            anchor = Anchor(told.monotonic_ns, told.wall)
            found[told.boot] = first([anchor, *([found[told.boot]] if told.boot in found else [])])
    return found


def first(known: Iterable[Anchor]) -> Anchor:
    return min(known, key=lambda anchor: (anchor.monotonic_ns, anchor.wall))


def moment(told: ClockReading, anchor: Anchor | None, received_at: datetime) -> Moment:
    """Nothing happened after it was received, whatever a clock says."""
    if told.trusted:
        at, sure = told.wall, True
    elif anchor is not None:
        at, sure = anchor.wall + timedelta(microseconds=(told.monotonic_ns - anchor.monotonic_ns) // 1000), True
    else:
        at, sure = told.wall, False
    if not _EARLIEST <= at <= received_at + _SLACK:
        return Moment(received_at, sure=False)
    return Moment(min(at, received_at), sure)


def hour(at: datetime) -> datetime:
    """Its beginning; official time has no half hours, and no summer time."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day(at: datetime) -> datetime:
    """The beginning of its day in official time."""
    return at.astimezone(OFFICIAL_TIME).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
