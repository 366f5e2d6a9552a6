"""Decide whether the store can be used as it is: SQLite's own check, the schema's text, and every row's checksum."""

import os
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from beacon_gateway.errors import GatewayError
from beacon_gateway.store.raw_rows import Frame, read_wal
from beacon_gateway.store.tables import SCHEMA, Schema, Tables, schema_of

APPLICATION_ID = 0x42470000
"""Plus the schema's version, which so is stored twice: a flipped bit in it does not look like a newer schema."""
_REFUSALS = {
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH,
}  # fmt: skip
_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}
_LAST_COLUMN = b"sum BLOB NOT NULL"
_DAMAGE = (sqlite3.Error, ValueError, MemoryError, OverflowError)
"""What sqlite3 raises for a damaged file: also for a name that is not UTF-8 and for a size that cannot be allocated."""


class SchemaTooNew(GatewayError):
    """The file was written by a newer version of this program, in a form that this one cannot use."""


def is_refusal(error: Exception, path: Path) -> bool:
    """Return whether the disk refuses (full, locked, forbidden). Any other error means that the file is damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if path.is_dir() or code in _UNREADABLE:
        return False
    if code & 0xFF == sqlite3.SQLITE_READONLY:  # also reported for a damaged format version in the header
        return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    return code & 0xFF in _REFUSALS


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open without changing the file: closing this connection does not write the WAL back."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def has_numbered_parcels(path: Path) -> bool:
    """Return whether the store has numbered a parcel; False if it is damaged, because repair begins a new epoch.

    Raises sqlite3.Error when the disk refuses.
    """
    waiting_or_removed = "SELECT EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM epochs WHERE removed_n > 0)"
    try:
        with closing(connect_read_only(path)) as connection:
            ((found,),) = connection.execute(waiting_or_removed)
    except _DAMAGE as error:
        if is_refusal(error, path):
            raise
        return False
    return bool(found)


def find_fault(path: Path) -> tuple[str, list[Frame]]:
    """Return why the file cannot be used, empty if it can, and the WAL frames at its end that SQLite does not apply.

    Raises SchemaTooNew, and sqlite3.Error when the disk refuses.
    """
    try:
        with closing(connect_read_only(path)) as connection:
            fault, ignored = _find_fault(connection), _ignored_frames(path)
    except _DAMAGE as error:
        if is_refusal(error, path):
            raise
        return str(error) or type(error).__name__, []
    # A power cut tears at most the last transaction, which was not acknowledged.
    if sum(frame.commit for frame in ignored) > 1:
        fault = fault or "its WAL is damaged"
    return fault, ignored


def _find_fault(connection: sqlite3.Connection) -> str:
    tables = Tables(connection)
    ((version,),) = tables.execute("PRAGMA user_version")
    ((application,),) = tables.execute("PRAGMA application_id")
    texts = {text for (text,) in tables.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    if (version, application, texts) == (0, 0, set()):
        return ""  # a new file
    if application != APPLICATION_ID + version:
        return "the version in its header is damaged"
    schema = schema_of(min(version, len(SCHEMA)))
    if version > len(SCHEMA):
        if not _only_adds(tables, schema):
            raise SchemaTooNew(f"the store has schema {version}, this program knows {len(SCHEMA)}")
    elif texts != {text.encode() for text in schema.texts}:
        return "its schema is damaged"
    ((verdict,),) = tables.execute("PRAGMA quick_check(1)")
    if verdict != b"ok":
        return f"quick_check: {verdict.decode(errors='replace')}"
    damaged = [table for table in schema.columns if any(cells is None for cells in tables.cells(table))]
    if damaged:
        return f"rows do not match their checksum: {', '.join(damaged)}"
    return "" if tables.first("epochs") else "its epoch is missing"


def _only_adds(tables: Tables, schema: Schema) -> bool:
    """Return whether a later release only added to our tables: optional columns after `sum`, and plain indexes.

    A trigger or a unique index could refuse our rows.
    """
    found = tuple(tables.execute("SELECT type, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    if not all(any(_extends(text, ours.encode()) for *_, text in found) for ours in schema.texts):
        return False
    if any(
        kind == b"trigger" or text.upper().startswith(b"CREATE UNIQUE")
        for kind, table, text in found
        if table.decode() in schema.columns
    ):
        return False
    return all(
        not required or default is not None
        for table, columns in schema.columns.items()
        for number, _, _, required, default, _ in tables.execute(f"PRAGMA table_info({table})")
        if number > len(columns)  # after ours and `sum`
    )


def _extends(found: bytes, ours: bytes) -> bool:
    """Return whether `found` is the statement `ours` with at most further columns after `sum`."""
    head, last, tail = ours.rpartition(_LAST_COLUMN)
    return len(found) >= len(ours) and found.startswith(head + last) and found.endswith(tail.lstrip(b"\n ,"))


def _ignored_frames(path: Path) -> list[Frame]:
    """Return the frames after the last one that SQLite recovered from the WAL: torn by a power cut, or damaged."""
    frames = read_wal(path)
    if not frames:
        return []
    index = path.with_name(f"{path.name}-shm").read_bytes()
    (applied,) = struct.unpack_from("=I", index, 16)  # mxFrame, https://www.sqlite.org/walformat.html#walidxfmt
    return frames[applied:]
