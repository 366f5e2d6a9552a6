"""The gateway's SQLite file: strict settings, and one thread on which every transaction is one function."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from beacon_gateway.donations.ports import MIN_FREE_BYTES, StoreFault, StoreUnavailable
from beacon_gateway.store.copies import list_copies, write_copy
from beacon_gateway.store.inspection import SchemaTooNew, connect_read_only, find_fault, is_refusal
from beacon_gateway.store.raw_rows import Found, find_rows, read_wal
from beacon_gateway.store.repair import add_rows, create_schema, finish_replacement, rebuild, start_epoch
from beacon_gateway.store.tables import SCHEMA, Tables

__all__ = ["Database", "SchemaTooNew", "open_database"]
log = structlog.get_logger()
Result = TypeVar("Result")
_PRAGMAS = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),  # an acknowledged intent survives a power cut; NORMAL does not promise that
    "busy_timeout": ("5000", 5000),
    "wal_autocheckpoint": ("200", 200),
    "journal_size_limit": (str(4 * 1024 * 1024), 4 * 1024 * 1024),
    "trusted_schema": ("OFF", 0),
    "cell_size_check": ("ON", 1),
    "temp_store": ("MEMORY", 2),
    "mmap_size": ("0", 0),
}


class Database:
    """Runs functions on the connection's thread. Every failure of SQLite is raised as StoreUnavailable.

    `damaged` is set when the file turns out to be damaged: the next open_database repairs it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self.path = path
        self.damaged = asyncio.Event()
        self.backlog_full = False
        self._refuses = False
        self._connection = connection
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._tables = Tables(connection, self._found_damage)

    async def write(self, work: Callable[[Tables], Result]) -> Result:
        """Run `work` between BEGIN IMMEDIATE and COMMIT; an exception rolls everything back.

        It runs to its end also when the caller is cancelled.
        """
        try:
            result = await self._run(lambda: self._transact(work))
        except StoreUnavailable as error:
            self._refuses = error.fault is StoreFault.disk_refuses
            raise
        self._refuses = False
        return result

    async def read(self, work: Callable[[Tables], Result]) -> Result:
        """Run `work`, which only reads and returns no open iterator."""
        return await self._run(lambda: work(self._tables))

    def fault(self) -> StoreFault | None:
        """Return why gifts cannot be registered now; None if they can."""
        if shutil.disk_usage(self.path.parent).free < MIN_FREE_BYTES:
            return StoreFault.disk_full
        if self._refuses or self.damaged.is_set():
            return StoreFault.disk_refuses
        return StoreFault.backlog_full if self.backlog_full else None

    def _found_damage(self) -> None:
        self._loop.call_soon_threadsafe(self.damaged.set)

    def _transact(self, work: Callable[[Tables], Result]) -> Result:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._tables)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    async def _run(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.shield(self._loop.run_in_executor(self._thread, work))
        except sqlite3.Error as error:
            if not is_refusal(error, self.path):
                log.error("store.damaged", reason=str(error))
                self.damaged.set()
            raise StoreUnavailable(str(error)) from error


@asynccontextmanager
async def open_database(path: Path, *, read_only: bool = False) -> AsyncIterator[Database]:
    """Open, check, repair and migrate. `read_only` only opens, for a reader beside the running gateway.

    Raises SchemaTooNew, and StoreUnavailable when the disk refuses (full, read-only, no permission).
    """
    with ThreadPoolExecutor(1, thread_name_prefix="store") as thread:
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(thread, _open_reader if read_only else _open, path)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{path}: {error}") from error
        try:
            yield Database(path, connection, thread)
        finally:
            await asyncio.shield(loop.run_in_executor(thread, connection.close))


def _open_reader(path: Path) -> sqlite3.Connection:
    connection = connect_read_only(path)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path) -> sqlite3.Connection:
    finish_replacement(path)
    ignored: list[Found] = []
    if path.exists() and (path.is_dir() or path.stat().st_size):
        fault, frames = find_fault(path)
        ignored = list(find_rows(path, frames))
    else:
        fault = "it is missing" if list_copies(path) or read_wal(path) else ""
    if fault:
        rebuild(path, fault)
        ignored = []
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rwc", uri=True, isolation_level=None)
    try:
        _set_pragmas(connection)
        ((version,),) = connection.execute("PRAGMA user_version")
        if 0 < version < len(SCHEMA):
            write_copy(path)
        create_schema(connection, version)
        connection.execute("BEGIN IMMEDIATE")
        tables = Tables(connection)
        if not tables.first("epochs"):
            start_epoch(tables)
        add_rows(tables, ignored)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_pragmas(connection: sqlite3.Connection) -> None:
    for name, (value, expected) in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
        row = connection.execute(f"PRAGMA {name}").fetchone()
        if row and row[0] != expected:
            raise sqlite3.OperationalError(f"PRAGMA {name} is {row[0]}, must be {expected}")
