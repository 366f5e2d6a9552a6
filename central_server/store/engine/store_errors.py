"""Errors of the database, named by what the caller does next."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central_server.errors import CentralError


class StoreUnavailable(CentralError):
    """The database does not answer now: try again later. What was not committed is rolled back."""


class StoreCollision(StoreUnavailable):
    """The transaction was rolled back because of another one: it may succeed when repeated at once."""


class ValueRefused(CentralError):
    """A value that no column can hold (a NUL in a text, half a surrogate pair, 70 bits), so that no row has it."""


_COLLIDED = frozenset(("40001", "40P01"))  # serialization failure, deadlock
_AWAY = frozenset(("08", "25", "28", "3D", "53", "57", "58"))
"""Classes: connection, standby that only reads, login, database gone, resources, operator's doing, system."""
_NOT_NOW = frozenset(("55P03", "42501"))  # locked for long, no right to it
# It cannot be sent, is too long or too great, or is not in the encoding.
_UNFIT = frozenset(("22000", "22001", "22003", "22021", "22P05"))


def translate(error: Exception) -> CentralError | None:
    """Return our error for one of SQLAlchemy or a driver; None: the statement itself is wrong."""
    if isinstance(error, DBAPIError):
        return translate_driver_error(error.orig)
    if isinstance(error, sqlite3.Error):
        return translate_driver_error(error)
    if isinstance(error, (OverflowError, UnicodeEncodeError)):
        return ValueRefused(str(error))
    if isinstance(error, (OSError, PoolTimeoutError)):  # OSError has TimeoutError below it
        return StoreUnavailable(str(error) or type(error).__name__)
    return None


def translate_driver_error(error: BaseException | None) -> CentralError | None:
    """Return our error for one that a driver raised; None: the statement itself is wrong."""
    message = str(error)
    if isinstance(error, sqlite3.Error):
        # Full, locked for long, unreadable, gone; the bare DatabaseError is a damaged file.
        away = isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
        return StoreUnavailable(message) if away else None
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:  # an error of asyncpg itself: the connection is gone
        return StoreUnavailable(message)
    if state in _COLLIDED or "InvalidCachedStatementError" in message:  # the latter: another process changed the schema
        return StoreCollision(message)
    if state[:2] in _AWAY or state in _NOT_NOW:
        return StoreUnavailable(message)
    return ValueRefused(message) if state in _UNFIT else None
