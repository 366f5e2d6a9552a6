"""Number catalogues by the Unix time in which they were made, so that a later one has a greater number.

This holds without a record of earlier numbers: after a restored backup, and for a gateway that moved to another
community, the next catalogue is newer.
"""

from datetime import UTC, datetime, timedelta

MAX_VERSION = 2**32 - 1
"""That second is in 2106."""
REISSUE_INTERVAL = timedelta(minutes=5)
"""A gateway with a newer version than ours gets the same content under a new number, at most this often."""
_CLOCK_TOLERANCE_S = 300


def number_at(now: datetime) -> int:
    return int(now.timestamp())


def made_at(number: int) -> datetime | None:
    """Return None for a number that is no plausible time."""
    return datetime.fromtimestamp(number, UTC) if 1_000_000_000 < number <= MAX_VERSION else None


def following(newest: int, now: datetime) -> int:
    """`newest`: of the community, 0 before the first. Returns more than MAX_VERSION if no number is left."""
    return max(newest + 1, number_at(now))


def needs_reissue(newest: int, reported: int, now: datetime) -> bool:
    """Return whether the version that a gateway reports is a reason to publish again.

    The report is not trusted: numbers of the future are ignored, so a false one costs one catalogue per interval.
    """
    return newest < reported <= number_at(now) and number_at(now) - newest >= REISSUE_INTERVAL.total_seconds()


def is_impossible(newest: int, reported: int, now: datetime) -> bool:
    """Return whether the reported version was never made here; such a gateway would accept no other."""
    return reported > max(newest, number_at(now) + _CLOCK_TOLERANCE_S)
