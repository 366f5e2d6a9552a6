"""What went wrong in the database, named by what the caller does next."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central_server.errors import CentralError


class StoreUnavailable(CentralError):
    """The database does not answer now: try again later. What was not committed is taken back."""


class StoreCollision(StoreUnavailable):
    """The transaction was taken back for the sake of another one: the same again may do at once."""


class ValueRefused(CentralError):
    """A value that no column holds (a NUL in a text, half a surrogate pair, 70 bits): nothing is found under it."""


_COLLIDED = frozenset(("40001", "40P01"))  # serialization failure, deadlock
_AWAY = frozenset(("08", "25", "28", "3D", "53", "57", "58"))
"""Classes: connection, standby that only reads, login, database gone, resources, operator's doing, system."""
_NOT_NOW = frozenset(("55P03", "42501"))  # locked for long, no right to it
# Cannot be sent, too long, too great, not in the encoding.
_UNFIT = frozenset(("22000", "22001", "22003", "22021", "22P05"))


def meaning(error: Exception) -> CentralError | None:
    """None: no trouble of the database, but a fault in what it was asked."""
    if isinstance(error, DBAPIError):
        return meaning_of_driver(error.orig)
    if isinstance(error, sqlite3.Error):
        return meaning_of_driver(error)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return ValueRefused(str(error))
    if isinstance(error, (OSError, PoolTimeoutError)):  # OSError has TimeoutError below it
        return StoreUnavailable(str(error) or type(error).__name__)
    return None


def meaning_of_driver(told: BaseException | None) -> CentralError | None:
    """As `meaning`, of what a driver raises."""
    words = str(told)
    if isinstance(told, sqlite3.Error):
        # Full, locked for long, unreadable, gone; the bare DatabaseError is a damaged file.
        away = isinstance(told, sqlite3.OperationalError) or type(told) is sqlite3.DatabaseError
        return StoreUnavailable(words) if away else None
    state: str | None = getattr(told, "sqlstate", None)
    if state is None:  # asyncpg's own: the connection is no more
        return StoreUnavailable(words)
    if state in _COLLIDED or "InvalidCachedStatementError" in words:  # the latter: another process changed the schema
        return StoreCollision(words)
    if state[:2] in _AWAY or state in _NOT_NOW:
        return StoreUnavailable(words)
    return ValueRefused(words) if state in _UNFIT else None
