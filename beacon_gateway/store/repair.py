"""Replace a damaged store: every intact row of it and of its copies is taken over, each parcel under its own epoch."""

import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import structlog

from beacon_gateway.store.copies import list_copies
from beacon_gateway.store.inspection import APPLICATION_ID
from beacon_gateway.store.raw_rows import Found, find_rows
from beacon_gateway.store.tables import SCHEMA, Tables, decode_cells
from daemonkit.files import sync_file, sync_folder

log = structlog.get_logger()
MAX_N = 2**40 - 1
_MAX_DAMAGED_FILES = 3
_SUFFIXES = ("-wal", "-shm", "")
"""The file itself last: while it exists under its name, so does everything that belongs to it."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """Waiting parcels that were recovered, and how many numbers below the highest known one were not."""

    parcels: int
    missing: int


def rebuild(path: Path, reason: str) -> None:
    """Write a new store from the intact rows, then put it in place of the damaged one. Raises OSError, sqlite3.Error.

    A kill at any moment loses nothing: the next start repeats the step that did not finish.
    """
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=MEMORY")  # a draft that was not finished is written again
        create_schema(connection)
        tables = Tables(connection)
        tables.execute("BEGIN")
        rows = chain(find_rows(path), *(find_rows(copy) for copy in list_copies(path)))
        add_rows(tables, rows)
        rescue = _count(tables)
        start_epoch(tables)  # numbers of the old one that are not known any more may have been used
        tables.put("repairs", datetime.now(UTC).isoformat(), rescue.parcels, rescue.missing)
        tables.execute("COMMIT")
    sync_file(draft)
    draft.replace(_replacement(path))
    log.error("store.repaired", file=path.name, reason=reason, rescued=rescue.parcels, missing=rescue.missing)
    finish_replacement(path)


def finish_replacement(path: Path) -> None:
    """If a new store is complete, set the damaged one aside, and rename the new one."""
    replacement = _replacement(path)
    if not replacement.exists():
        return
    mark = f"{path.name}.damaged-{time.time_ns()}"
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(mark + suffix))
    replacement.rename(path)
    sync_folder(path.parent)
    marks = sorted(
        {part.name.split(".damaged-")[1].split("-")[0] for part in path.parent.glob(f"{path.name}.damaged-*")}
    )
    for old in marks[:-_MAX_DAMAGED_FILES]:
        for part in path.parent.glob(f"{path.name}.damaged-{old}*"):
            if part.is_file():
                part.unlink()


def create_schema(connection: sqlite3.Connection, version: int = 0) -> None:
    """Bring a file from schema `version` to the newest one; each step is one transaction."""
    for number, script in enumerate(SCHEMA[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script.read_text('utf-8')}\nPRAGMA user_version={number};\n"
            f"PRAGMA application_id={APPLICATION_ID + number};\nCOMMIT;"
        )


def add_rows(tables: Tables, rows: Iterable[Found]) -> None:
    """Add the rows whose key is not there yet. Of several versions of an epoch, the highest values count."""
    for table, cells in rows:
        values = decode_cells(table, cells)
        earlier = tables.first("epochs", "WHERE number = ?", values[0]) if table == "epochs" else None
        if earlier is None:
            tables.put(table, *values, on_conflict="IGNORE")
        else:
            number, epoch, removed_n, trusted_time = values
            highest = max(earlier["removed_n"], removed_n), max(earlier["trusted_time"] or "", trusted_time or "")
            tables.put("epochs", number, epoch, highest[0], highest[1] or None, on_conflict="REPLACE")
    tables.execute("DELETE FROM outbox WHERE place IN (SELECT place FROM refused)")


def start_epoch(tables: Tables) -> None:
    """Number parcels from 1 under a new random epoch."""
    ((highest,),) = tables.execute(
        "SELECT max(number) FROM (SELECT number FROM epochs UNION SELECT place >> 40 FROM outbox UNION SELECT 0)"
    )
    last = tables.first("epochs", "ORDER BY number DESC")
    tables.put("epochs", highest + 1, secrets.token_bytes(8), 0, last["trusted_time"] if last else None)


def _count(tables: Tables) -> Rescue:
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, n in tables.execute(
        "SELECT place >> 40, place & ? FROM (SELECT place FROM outbox UNION SELECT place FROM refused)", MAX_N
    ):
        numbers[number].append(n)
    removed = {row["number"]: row["removed_n"] for row in tables.select("epochs")}
    missing = 0
    for number, known in numbers.items():
        from_n = removed.get(number, min(known) - 1)
        above = [n for n in known if n > from_n]
        missing += max(above) - from_n - len(above) if above else 0
    ((parcels,),) = tables.execute("SELECT count(*) FROM outbox")
    return Rescue(parcels, missing)


def _replacement(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")
