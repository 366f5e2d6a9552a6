"""Settings of connections to PostgreSQL, and the durability that is checked before it is used.

The driver is imported when a connection is made: a server on SQLite does not load it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from central_server.store.engine.schema import StoreRefused
from central_server.store.engine.store_errors import StoreUnavailable, translate_driver_error

CONNECT_S = 5.0
STATEMENT_S = 20.0
_SETTINGS = {
    "application_name": "beacon-central",
    "statement_timeout": f"{STATEMENT_S:.0f}s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # statements are short: compiling them takes longer than running them
}
_NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
READS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""One consistent state for a complete block; nothing is locked."""
WRITES = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
"""Each statement sees the newest state; a read before a write locks a name or a row."""
NO_ACCESS = frozenset(("28000", "28P01", "3D000", "42501"))
"""SQLSTATEs: no such role, wrong password, no such database, no right to create tables. Waiting does not help."""

_DURABILITY = text(
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),"
    " current_setting('server_encoding')"
)


def engine(dsn: str, connections: int, *, patient: bool = False) -> AsyncEngine:
    """Create an engine. `patient`: without time limits, for migrations of large databases."""

    async def connect() -> Any:  # noqa: ANN401  (the driver has no types)
        return await _connected(dsn, patient=patient)

    made = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,  # parameters may be secret, and errors go into the log
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        pool_use_lifo=True,  # the last one has its statements prepared and its tables cached
    )
    event.listen(made.sync_engine, "checkout", _check_alive)
    return made


def _check_alive(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401  (the driver has no types)
    """Discard a connection that PostgreSQL closed, so that the first request after its restart succeeds.

    The driver knows that it is closed; a query each time would be a round trip more.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("PostgreSQL has closed this connection")


@asynccontextmanager
async def listening(dsn: str, channel: str, notified: Callable[[str], None]) -> AsyncIterator[asyncio.Event]:
    """Call `notified` with each notification on `channel`, on a connection of its own.

    The event is set when that connection is lost. Raises StoreUnavailable.
    """
    import asyncpg  # type: ignore[import-untyped]  # it has no types

    lost = asyncio.Event()
    connection = None
    try:
        try:
            connection = await _connected(dsn)
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(channel, lambda _connection, _process, _channel, word: notified(word))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreUnavailable(str(error)) from error
        yield lost
    finally:
        if connection is not None:
            connection.terminate()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our own errors (store_errors) for those of the driver."""
    import asyncpg

    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        ours = translate_driver_error(error)
        if ours is None:
            raise
        raise ours from error


async def _connected(dsn: str, *, patient: bool = False) -> Any:  # noqa: ANN401  (the driver has no types)
    """Return a connection of the driver. `dsn` as libpq reads it, with defaults from the environment."""
    import asyncpg

    # The client's limit is above the server's: it is for connections that became silent.
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_S,
        command_timeout=None if patient else STATEMENT_S + CONNECT_S,
        server_settings=_SETTINGS | (_NO_LIMITS if patient else {}),
    )


def check_durability(connection: Connection) -> None:
    """Raise StoreRefused when a power cut could undo an acknowledged commit, or the encoding is not UTF-8."""
    fsync, pages, commit, encoding = connection.execute(_DURABILITY).one()
    for name, found, good in (
        ("fsync", fsync, fsync == "on"),
        ("full_page_writes", pages, pages == "on"),
        ("synchronous_commit", commit, commit != "off"),
        ("server_encoding", encoding, encoding == "UTF8"),
    ):
        if not good:
            raise StoreRefused(f"PostgreSQL has {name} = {found!r}: gifts would not be safe there")
