"""Points in time as the database stores them. Every time and every number can be converted."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST, _LATEST = (
    (datetime(year, month, day, tzinfo=UTC) - _EPOCH) // _MICROSECOND
    for year, month, day in ((1, 1, 3), (9999, 12, 29))
)
"""So that two days can be added or subtracted, and any time zone applied."""


def micros(value: datetime) -> int:
    """Return the microseconds since 1970 UTC, within the years 1 to 9999."""
    return min(max((value - _EPOCH) // _MICROSECOND, _EARLIEST), _LATEST)


def moment(value: int) -> datetime:
    """Return the time of so many microseconds since 1970 UTC, within the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=min(max(value, _EARLIEST), _LATEST))


class Instant(TypeDecorator[datetime]):
    """An aware datetime as whole microseconds since 1970 UTC: exact and ordered in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)
