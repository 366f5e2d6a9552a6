"""Inserts many rows with one statement of the driver, for rows that come by the thousand."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Boolean, Integer, String, Table, Text

from central_server.store.engine.connection import Connection
from central_server.store.engine.timestamps import Instant, micros

Row = Sequence[object]
Column = tuple[object, ...]
ARRAY_TYPES: dict[type, str] = {
    String: "text",
    Text: "text",
    BigInteger: "bigint",
    Instant: "bigint",
    Integer: "integer",
    Boolean: "boolean",
}


async def add(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], conflict: str = ""
) -> None:
    """Add the rows, whose keys differ. `conflict`: what follows ON CONFLICT; empty: no key exists yet."""
    if not rows:
        return
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    stored = _stored_columns(table, columns, rows)
    if connection.dialect.name == "postgresql":
        statement, values = _unnest(table, columns, stored)
        await connection.driver(statement + tail, values)
    else:
        marks = ", ".join("?" * len(columns))
        await connection.driver(f"{_into(table, columns)} VALUES ({marks}){tail}", list(zip(*stored, strict=True)))


async def add_new(
    connection: Connection, table: Table, columns: Sequence[str], gateway: str, rows: Mapping[str, Row]
) -> frozenset[str]:
    """Add those of the rows, by id, whose (gateway, id) does not exist yet. Return their ids."""
    if not rows:
        return frozenset()
    if connection.dialect.name == "postgresql":
        statement, values = _unnest(table, columns, _stored_columns(table, columns, list(rows.values())))
        added = await connection.driver(f"{statement} ON CONFLICT (gateway, id) DO NOTHING RETURNING id", values)
        return frozenset(added.scalars())
    # SQLite has one writer: no other transaction adds any before this one ends.
    known_ids = f"SELECT id FROM {table.name} WHERE gateway = ? AND id IN (SELECT value FROM json_each(?))"  # noqa: S608  (our own names)
    known = set((await connection.driver(known_ids, (gateway, json.dumps(list(rows))))).scalars())
    new = {id_: row for id_, row in rows.items() if id_ not in known}
    await add(connection, table, columns, list(new.values()))
    return frozenset(new)


def _stored_columns(table: Table, columns: Sequence[str], rows: Sequence[Row]) -> list[Column]:
    """Return the rows by column, with the values that the database stores."""
    stored = list(zip(*rows, strict=True))
    for number, name in enumerate(columns):
        if isinstance(table.c[name].type, Instant):
            known = {moment: None if moment is None else micros(moment) for moment in set(stored[number])}
            stored[number] = tuple(known[moment] for moment in stored[number])
    return stored


def _unnest(table: Table, columns: Sequence[str], stored: Sequence[Column]) -> tuple[str, Column]:
    """Return an INSERT from arrays, and its values.

    A column with one value in every row is sent once: asyncpg encodes each element of an array slowly.
    """
    selected: list[str] = []
    arrays: list[str] = []
    values: list[object] = []
    for name, column in zip(columns, stored, strict=True):
        kind = ARRAY_TYPES[type(table.c[name].type)]
        mark = f"${len(values) + 1}"
        if column.count(column[0]) == len(column):
            selected.append(f"{mark}::{kind}")
            values.append(column[0])
        else:
            arrays.append(f"{mark}::{kind}[]")
            selected.append(f"new.c{len(arrays)}")
            values.append(list(column))
    names = ", ".join(f"c{number}" for number in range(1, len(arrays) + 1))
    source = f"unnest({', '.join(arrays)}) AS new({names})" if arrays else f"generate_series(1, {len(stored[0])})"
    return f"{_into(table, columns)} SELECT {', '.join(selected)} FROM {source}", tuple(values)  # noqa: S608  (marks)


def _into(table: Table, columns: Sequence[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in columns)  # `before` and `at` are keywords of SQL
    return f"INSERT INTO {table.name} ({quoted})"
