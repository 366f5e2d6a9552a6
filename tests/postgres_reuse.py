"""Reuse one PostgreSQL database for several tests, restored to the state after its creation.

Creating and dropping a database takes many times as long as emptying it. A database with a changed schema, or one that
has grown, is dropped instead. One connection empties it after every test: a new one takes four times as long, because
PostgreSQL starts a process that reads its catalogs first.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it has no types

from tests.postgres import Postgres

_CATALOGS = (
    *("pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_db_role_setting", "pg_index", "pg_namespace"),
    *("pg_proc", "pg_sequence", "pg_statistic", "pg_trigger", "pg_type"),
)
SHAPE = (
    "SELECT concat_ws(' ', (SELECT sum(reltuples) FROM pg_class), "
    + ", ".join(f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {name})" for name in _CATALOGS)
    + ")"
)
"""Changes with every table, index, trigger, setting and statistic; not with rows."""
_GROWN = 4 * 1024**2
"""Bytes of deleted rows; more would slow the next test."""
_ALONE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_SIZE = "SELECT pg_database_size(current_database())"


Result = TypeVar("Result")


@dataclass
class ReusedDatabase:
    """`_free`: the name of the database for the next test, empty for none; its shape, size and reset statements.

    `_connection` belongs to `_loop`, which runs in a thread meanwhile: the loop of a test ends with the test.
    """

    postgres: Postgres
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _connection: asyncpg.Connection | None = None
    _free: str = ""
    _shape: str = ""
    _size: int = 0
    _reset_statements: str = ""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Yield the URL of a database with the schema and its initial rows only."""
        name, self._free = self._free or await self._create(), ""
        try:
            yield self.postgres.url(name)
        finally:
            if self.postgres.runs and await self._in_loop(self._reset(name)):
                self._free = name
            else:
                await self._in_loop(self._disconnect())
                await self.postgres.drop(name)

    def close(self) -> None:
        """Call it in a thread without a running loop."""
        self._loop.run_until_complete(self._disconnect())
        self._loop.close()

    async def _in_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        return await asyncio.to_thread(self._loop.run_until_complete, work)

    async def _create(self) -> str:
        name = await self.postgres.migrated()
        await self._in_loop(self._look_at(name))
        return name

    async def _look_at(self, name: str) -> None:
        connection = await self._connected(name)
        self._reset_statements = self._reset_statements or await _reset_statements(connection)
        self._shape, self._size = await connection.fetchval(SHAPE), await connection.fetchval(_SIZE)

    async def _connected(self, name: str) -> asyncpg.Connection:
        await self._disconnect()
        self._connection = await asyncpg.connect(self.postgres.url(name))
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            await asyncio.sleep(0)  # its transport closes in the next round of the loop

    async def _reset(self, name: str) -> bool:
        """Empty the database; return False when it must be dropped instead."""
        connection = self._connection
        try:
            if connection is None:
                connection = await self._connected(name)
            await connection.execute(_ALONE)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # the test closed all connections
            connection = await self._connected(name)
            await connection.execute(_ALONE)
        same = await connection.fetchval(SHAPE) == self._shape
        if same and await connection.fetchval(_SIZE) < self._size + _GROWN:
            await connection.execute(self._reset_statements)
            return True
        return False


async def _reset_statements(connection: asyncpg.Connection) -> str:
    """Return the statements of one transaction; they skip foreign keys and triggers."""
    names = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    tables = [name for (name,) in await connection.fetch(names)]
    statements = ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {table}" for table in tables)]
    for table in tables:
        content = f"SELECT quote_literal(json_agg(row)) FROM {table} row"
        if (rows := await connection.fetchval(content)) is not None:
            every = f"SELECT * FROM json_populate_recordset(NULL::{table}, {rows})"
            statements.append(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE {every}")
    counters = (
        "SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename), "
        "coalesce(last_value, start_value), last_value IS NOT NULL) FROM pg_sequences"
    )
    return ";\n".join(statements + [counter for (counter,) in await connection.fetch(counters)])
