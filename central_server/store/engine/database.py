"""Opens, checks, migrates and closes the database of the central server, and runs transactions in it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import QueuePool, Select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from central_server.store.engine import postgresql, sqlite
from central_server.store.engine.connection import Connection, finished, translated
from central_server.store.engine.group_commit import PendingWork, WaitingGroup
from central_server.store.engine.schema import StoreRefused, find_revision, newest_revision, upgrade
from central_server.store.engine.sqlite import PRAGMAS, Fetched, sqlite_url
from central_server.store.engine.store_errors import StoreCollision, StoreUnavailable, ValueRefused

__all__ = [
    "PRAGMAS",
    "BeforeMigration",
    "Database",
    "StoreCollision",
    "StoreRefused",
    "StoreUnavailable",
    "ValueRefused",
    "open_database",
    "sqlite_url",
]

Result = TypeVar("Result")
BeforeMigration = Callable[[str], Awaitable[None]]
_TRIES = 5


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Open connections of the pool. `limit`: that many at most."""

    in_use: int
    idle: int
    limit: int


class Database:
    """Runs transactions. A read sees one consistent state; a write sees the newest, and is durable when it ends.

    SQLite has one writer at a time, across processes. On PostgreSQL writes run in parallel: a write that depends on
    what it reads locks the row (`with_for_update`) or a name (`await connection.alone("name")`) first.
    `dsn`: the address of PostgreSQL; empty on SQLite.
    """

    def __init__(self, engine: AsyncEngine, dsn: str = "") -> None:
        self._engine = engine
        self.dsn = dsn
        self.place = str(engine.url.database)
        # SQLite has one writer: waiting for an asyncio lock is fair and cheap, waiting for the file's lock is neither.
        self._writer = nullcontext() if dsn else asyncio.Lock()
        self._group = WaitingGroup()
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reads: dict[str, Any] = postgresql.READS if dsn else {}
        self._texts: dict[Select[*tuple[Any, ...]], tuple[str, Sequence[str]]] = {}
        self._writes: dict[str, Any] = postgresql.WRITES if dsn else {"writes": True}

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """Open a read transaction. Raises StoreUnavailable, as every statement in it does."""
        async with self._transaction(self._reads) as connection:
            yield Connection(connection)

    async def fetch_rows(
        self, statement: Select[*tuple[Any, ...]], values: Mapping[str, object]
    ) -> list[Sequence[Any]]:
        """Return the rows of one statement without a transaction, for queries of every request.

        The values are the driver's own. Raises StoreUnavailable.
        """
        if (known := self._texts.get(statement)) is None:
            compiled: Any = statement.compile(dialect=self._engine.dialect)
            known = self._texts[statement] = (str(compiled), compiled.positiontup)
        text, names = known
        parameters = [values[name] for name in names]
        if self.dsn:
            return await translated(self._by_driver(lambda driver: driver.fetch(text, *parameters)))
        fetched: Fetched = await translated(self._by_driver(lambda driver: driver.execute_fetchall(text, parameters)))
        return fetched.rows

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """Open a write transaction: commit at the end of the block, roll back when it raises."""
        async with self._writer, self._transaction(self._writes) as connection:
            yield Connection(connection)
            await translated(connection.commit())

    async def written(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Return what `work` returns, within a write. It is repeated a few times when it collides with another one."""
        for wait in range(_TRIES):
            try:
                async with self.write() as connection:
                    return await work(connection)
            except StoreCollision:
                if wait == _TRIES - 1:
                    raise
                await asyncio.sleep(random.random() * 0.01 * 2**wait)  # noqa: S311  (no secret)
        raise AssertionError("unreachable")

    async def grouped(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run `work` as `written` does. On SQLite works that wait at the same time share one transaction.

        It raises what `work` raises; then nothing of it is stored. Raises StoreUnavailable when the commit fails.
        """
        if self.dsn:
            return await self.written(work)
        pending = PendingWork(work)
        self._group.add(pending)
        try:
            async with self._writer:
                if not pending.done:  # no earlier caller ran it together with its own
                    await finished(self._write_group())
        finally:
            self._group.discard(pending)
        return pending.result()

    async def queued(self, name: str, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run `work`, which locks a row, as `grouped` does. Works of one name wait for each other in this process.

        On PostgreSQL each work that waited in the database for the row would occupy a connection of the pool.
        """
        if not self.dsn:
            return await self.grouped(work)
        queue = self._queues.get(name) or asyncio.Lock()
        self._queues[name] = queue
        async with queue:
            return await self.written(work)

    def pool_use(self) -> PoolUse:
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        return PoolUse(pool.checkedout(), pool.checkedin(), pool.size() + pool._max_overflow)

    async def _write_group(self) -> None:
        works: Sequence[PendingWork[Any]] = ()
        try:
            async with self._transaction(self._writes) as connection:
                works = self._group.take()
                for work in works:
                    await work.run_in_savepoint(Connection(connection))
                await translated(connection.commit())
        except Exception as error:
            if not works:
                raise
            for work in works:
                work.fail(error)

    async def _by_driver(self, work: Callable[[Any], Awaitable[Result]]) -> Result:
        connection = await self._engine.connect()
        try:
            pooled = connection.sync_connection
            assert pooled is not None
            with postgresql.translated_errors() if self.dsn else nullcontext():
                return await work(pooled.connection.driver_connection)
        finally:
            await connection.close()

    @asynccontextmanager
    async def _transaction(self, options: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
        connection = self._engine.connect()
        try:
            await translated(_started(connection, options))
            yield connection
        finally:
            if connection.sync_connection is not None:
                # Closing rolls back what is not committed; after a broken connection PostgreSQL does it by itself.
                await translated(connection.close())


async def _started(connection: AsyncConnection, options: dict[str, Any]) -> None:
    await connection.start()
    if options:
        await connection.execution_options(**options)
    await connection.begin()


@asynccontextmanager
async def open_database(
    url: str, *, connections: int = 10, before_migration: BeforeMigration | None = None
) -> AsyncIterator[Database]:
    """Open the database, migrate it when needed, and close it at the end of the block.

    `url`: `postgresql://…` as libpq reads it, or the result of `sqlite_url`. `connections`: the maximum to PostgreSQL.
    `before_migration` is called with the revision of a database that is not empty, right before it is upgraded.
    Raises StoreRefused, StoreUnavailable.
    """
    on_postgresql = url.startswith(("postgresql:", "postgres:"))
    engine = postgresql.engine(url, connections) if on_postgresql else sqlite.engine(url)
    try:
        database = Database(engine, url if on_postgresql else "")
        await _migrate(database, before_migration)
        yield database
    finally:
        await engine.dispose()


@asynccontextmanager
async def _patient(database: Database) -> AsyncIterator[Database]:
    """Open the same database without PostgreSQL's time limits."""
    if not database.dsn:
        yield database
        return
    engine = postgresql.engine(database.dsn, 1, patient=True)
    try:
        yield Database(engine, database.dsn)
    finally:
        await engine.dispose()


async def _migrate(database: Database, before: BeforeMigration | None) -> None:
    try:
        async with _patient(database) as patient:
            async with patient.read() as connection:  # waits while another process migrates
                if database.dsn:
                    await connection.run_sync(postgresql.check_durability)
                if await connection.run_sync(find_revision) == newest_revision():
                    return
            async with patient.write() as connection:
                await connection.alone("migration")  # of processes that start together, the first migrates
                found = await connection.run_sync(find_revision)
                if found == newest_revision():
                    return
                if found is not None and before is not None:
                    await before(found)
                await connection.run_sync(lambda synchronous: upgrade(synchronous, found))
    except StoreUnavailable as error:
        if "not a database" in str(error):
            raise StoreRefused(f"{database.place} is not a SQLite database") from error
        if getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) in postgresql.NO_ACCESS:
            raise StoreRefused(str(error)) from error
        raise
