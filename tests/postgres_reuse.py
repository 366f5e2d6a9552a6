"""One database for many tests, one after the other: each finds it as the migrations leave a new one.

To make a database and to drop it is four times the work of emptying it. One of which more than rows has changed, or
which has grown, is dropped all the same, and the next test gets a new one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]  # it has no types

from tests.postgres import Postgres

_CATALOGS = (
    *("pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_db_role_setting", "pg_index", "pg_namespace"),
    *("pg_proc", "pg_sequence", "pg_statistic", "pg_trigger", "pg_type"),
)
_SHAPE = (
    "SELECT concat_ws(' ', (SELECT sum(reltuples) FROM pg_class), "
    + ", ".join(f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {name})" for name in _CATALOGS)
    + ")"
)
"""Changes with every table, index, trigger, setting and statistic; not with rows."""
_GROWN = 4 * 1024**2
"""Octets of rows that are gone but not cleared away: more of them would be felt by the next test."""
_ALONE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_SIZE = "SELECT pg_database_size(current_database())"


@dataclass
class Again:
    """The database that waits for the next test: its name, shape and size, and what makes it as new. None waits: ''."""

    postgres: Postgres
    _free: str = ""
    _shape: str = ""
    _size: int = 0
    _as_new: str = ""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of a database with our newest schema, without a trace of the test before."""
        name, self._free = self._free or await self._made(), ""
        try:
            yield self.postgres.url(name)
        finally:
            if self.postgres.runs and await self._is_as_new(name):
                self._free = name
            else:
                await self.postgres.drop(name)

    async def _made(self) -> str:
        name = await self.postgres.migrated()
        connection = await asyncpg.connect(self.postgres.url(name))
        try:
            self._as_new = self._as_new or await _as_new(connection)
            self._shape, self._size = await connection.fetchval(_SHAPE), await connection.fetchval(_SIZE)
        finally:
            await connection.close()
        return name

    async def _is_as_new(self, name: str) -> bool:
        """Emptied, unless that would not be enough."""
        connection = await asyncpg.connect(self.postgres.url(name))
        try:
            await connection.execute(_ALONE)
            same = await connection.fetchval(_SHAPE) == self._shape
            if same and await connection.fetchval(_SIZE) < self._size + _GROWN:
                await connection.execute(self._as_new)
                return True
            return False
        finally:
            await connection.close()


async def _as_new(connection: asyncpg.Connection) -> str:
    """Statements, one transaction. No key and no trigger of a table that only grows is asked."""
    names = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    tables = [name for (name,) in await connection.fetch(names)]
    made = ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {table}" for table in tables)]
    for table in tables:
        sown = f"SELECT quote_literal(json_agg(row)) FROM {table} row"
        if (rows := await connection.fetchval(sown)) is not None:
            every = f"SELECT * FROM json_populate_recordset(NULL::{table}, {rows})"
            made.append(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE {every}")
    counters = (
        "SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename), "
        "coalesce(last_value, start_value), last_value IS NOT NULL) FROM pg_sequences"
    )
    return ";\n".join(made + [counter for (counter,) in await connection.fetch(counters)])
