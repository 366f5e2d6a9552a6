"""The number of a catalogue: the second in which it was made, in Unix time, so that a later one is greater.

Whatever database the server has: one restored from a backup goes on above everything that it published before, and a
gateway that was moved finds its new community's next catalogue newer. Nobody has to say what was published.
"""

from datetime import UTC, datetime, timedelta

MOST = 2**32 - 1
"""A catalogue holds no greater one; that second comes in 2106."""
ASKED_FOR_EVERY = timedelta(minutes=5)
"""A gateway that holds a newer one than ours gets the same content under a new number, so often at most."""
_CLOCKS_DIFFER_S = 300


def number_at(now: datetime) -> int:
    return int(now.timestamp())


def made_at(number: int) -> datetime | None:
    """None for one from before numbers were times, and for one that cannot be."""
    return datetime.fromtimestamp(number, UTC) if 1_000_000_000 < number <= MOST else None


def following(newest: int, now: datetime) -> int:
    """`newest`: of the community, 0 before the first. Above MOST when there is none left."""
    return max(newest + 1, number_at(now))


def is_behind(newest: int, held: int, now: datetime) -> bool:
    """Whether what a gateway says it holds is a reason to publish anew. It may say anything.

    What it holds was made before now, or we did not make it. So a false word costs its community one catalogue now
    and then, and never a number of the future.
    """
    return newest < held <= number_at(now) and number_at(now) - newest >= ASKED_FOR_EVERY.total_seconds()


def is_from_nowhere(newest: int, held: int, now: datetime) -> bool:
    """Whether a gateway says that it holds one that was never made here: it would take no other."""
    return held > max(newest, number_at(now) + _CLOCKS_DIFFER_S)
