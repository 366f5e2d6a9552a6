"""What PostgreSQL needs to be told, and what it must promise before it is used.

The driver is imported when a connection is made: a server on SQLite does without it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from central_server.store.engine.schema import StoreRefused
from central_server.store.engine.store_errors import StoreUnavailable, meaning_of_driver

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
"""One consistent state for a whole block; nothing is locked."""
WRITES = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
"""Each statement sees the newest state; what is read to be changed is locked by name or by row."""
NOT_FOR_US = frozenset(("28000", "28P01", "3D000", "42501"))
"""No such role, wrong password, no such database, no right to make tables: waiting does not help."""

_PROMISES = text(
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),"
    " current_setting('server_encoding')"
)


def engine(dsn: str, connections: int, *, patient: bool = False) -> AsyncEngine:
    """`patient`: without time limits, for a migration of what a fleet gathers in years."""

    async def connect() -> Any:  # noqa: ANN401  (the driver has no types)
        return await _connected(dsn, patient=patient)

    made = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,  # what was asked may be a secret, and a fault goes into the log
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        pool_use_lifo=True,  # the last one knows its statements and has their tables at hand
    )
    event.listen(made.sync_engine, "checkout", _check_alive)
    return made


def _check_alive(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401  (the driver has no types)
    """After a restart of PostgreSQL the first request already finds a good connection.

    Its end of an old one was closed, which the driver has heard; asking PostgreSQL each time would be a way more.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("PostgreSQL has closed this connection")


@asynccontextmanager
async def listening(dsn: str, channel: str, heard: Callable[[str], None]) -> AsyncIterator[asyncio.Event]:
    """A connection of its own that gives `heard` what is notified on `channel`.

    The event is set when that connection is lost. Raises StoreUnavailable.
    """
    import asyncpg  # type: ignore[import-untyped]  # it has no types

    deaf = asyncio.Event()
    connection = None
    try:
        try:
            connection = await _connected(dsn)
            connection.add_termination_listener(lambda _connection: deaf.set())
            await connection.add_listener(channel, lambda _connection, _process, _channel, word: heard(word))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreUnavailable(str(error)) from error
        yield deaf
    finally:
        if connection is not None:
            connection.terminate()


@contextmanager
def trouble() -> Iterator[None]:
    """Of what the driver raises, what means something to us, by our names for it."""
    import asyncpg

    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        ours = meaning_of_driver(error)
        if ours is None:
            raise
        raise ours from error


async def _connected(dsn: str, *, patient: bool = False) -> Any:  # noqa: ANN401  (the driver has no types)
    """A connection of the driver's. `dsn` as libpq has it, with its defaults from the environment."""
    import asyncpg

    # The client's limit stands above the server's: it is for connections of which nothing is heard any more.
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_S,
        command_timeout=None if patient else STATEMENT_S + CONNECT_S,
        server_settings=_SETTINGS | (_NO_LIMITS if patient else {}),
    )


def check_promises(connection: Connection) -> None:
    """Raises StoreRefused when a power cut could take back what was acknowledged, or texts would be mangled."""
    fsync, pages, commit, encoding = connection.execute(_PROMISES).one()
    for name, found, good in (
        ("fsync", fsync, fsync == "on"),
        ("full_page_writes", pages, pages == "on"),
        ("synchronous_commit", commit, commit != "off"),
        ("server_encoding", encoding, encoding == "UTF8"),
    ):
        if not good:
            raise StoreRefused(f"PostgreSQL keeps {name} at {found!r}: gifts would not be safe there")
