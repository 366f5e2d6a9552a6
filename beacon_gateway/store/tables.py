"""Read and write rows that carry a checksum: cells are read as bytes and decoded only after the checksum matches."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

log = structlog.get_logger()
SCHEMA = sorted((Path(__file__).parent / "schema").glob("[0-9]*.sql"))
Cell = bytes | int | None
OnConflict = Literal["ABORT", "REPLACE", "IGNORE"]
Row = dict[str, Any]
"""A verified row by column: TEXT as str, BLOB as bytes, INTEGER as int; without its checksum."""


@dataclass(frozen=True, slots=True)
class Schema:
    """`columns`: by table, the names and types of the columns before `sum`; `texts`: the statements that made it.

    A later release adds columns only after `sum`, which does not cover them.
    `integer_keys`: the tables with a rowid; it is their first column.
    """

    columns: Mapping[str, Mapping[str, str]]
    integer_keys: frozenset[str]
    texts: frozenset[str]


@cache
def schema_of(version: int) -> Schema:
    """Return the schema that the first `version` scripts make."""
    with closing(sqlite3.connect(":memory:")) as memory:
        for script in SCHEMA[:version]:
            memory.executescript(script.read_text("utf-8"))
        tables = [name for (name,) in memory.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        columns = {table: {row[1]: row[2] for row in memory.execute(f"PRAGMA table_info({table})")} for table in tables}
        without_rowid = {row[1]: row[4] for row in memory.execute("PRAGMA table_list")}
        texts = frozenset(text for (text,) in memory.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    covered = {table: dict(takewhile(lambda each: each[0] != "sum", each.items())) for table, each in columns.items()}
    return Schema(covered, frozenset(table for table in columns if not without_rowid[table]), texts)


def checksum(table: str, cells: Sequence[Cell]) -> bytes:
    """Return 16 bytes over the table's name, and type and value of each cell; text as its UTF-8."""
    return hashlib.blake2b(msgspec.msgpack.encode(cells), digest_size=16, person=table.encode()).digest()


def decode_cells(table: str, cells: Sequence[Cell]) -> list[str | Cell]:
    """Return the values of a verified row: TEXT as str."""
    kinds = schema_of(len(SCHEMA)).columns[table].values()
    return [
        cell.decode() if kind == "TEXT" and isinstance(cell, bytes) else cell
        for kind, cell in zip(kinds, cells, strict=True)
    ]


class Tables:
    """The tables as seen on the connection's thread. `found_damage` is called for each row that does not match."""

    def __init__(self, connection: sqlite3.Connection, found_damage: Callable[[], None] = lambda: None) -> None:
        connection.text_factory = bytes
        self._connection = connection
        self._columns = schema_of(len(SCHEMA)).columns
        self._found_damage = found_damage

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def cells(self, table: str, clause: str = "", *values: object) -> Iterator[tuple[Cell, ...] | None]:
        """Return the cells of each row, without its checksum; None for a row whose checksum does not match."""
        names = ", ".join(self._columns[table])
        for *cells, found in self.execute(f"SELECT {names}, sum FROM {table} {clause}", *values):  # noqa: S608 - our names
            yield tuple(cells) if checksum(table, cells) == found else None

    def select(self, table: str, clause: str = "", *values: object) -> Iterator[Row]:
        """Return the intact rows. A damaged one is logged and left out."""
        types = self._columns[table]
        for cells in self.cells(table, clause, *values):
            if cells is None:
                log.error("row.damaged", table=table)
                self._found_damage()
                continue
            yield dict(zip(types, decode_cells(table, cells), strict=True))

    def first(self, table: str, clause: str = "", *values: object) -> Row | None:
        """Return the first row; None if there is none or it is damaged."""
        return next(self.select(table, f"{clause} LIMIT 1", *values), None)

    def put(self, table: str, *values: str | Cell, on_conflict: OnConflict = "ABORT") -> bool:
        """Write a row and its checksum; return False if IGNORE left an earlier row with the same key."""
        names = ", ".join((*self._columns[table], "sum"))  # a store of a later release may have more columns
        marks = ", ".join("?" * (len(values) + 1))
        cells = [value.encode() if isinstance(value, str) else value for value in values]
        statement = f"INSERT OR {on_conflict} INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our names
        return self.execute(statement, *values, checksum(table, cells)).rowcount > 0
