"""Many rows in one statement: the raw way of each driver, for what arrives by the thousand."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Integer, String, Table, Text

from central_server.store.engine.connection import Connection
from central_server.store.engine.timestamps import Instant, micros

Row = Sequence[object]
Column = tuple[object, ...]
_TYPES: dict[type, str] = {String: "text", Text: "text", BigInteger: "bigint", Instant: "bigint", Integer: "integer"}


async def add(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], conflict: str = ""
) -> None:
    """Add the rows, no key twice among them. `conflict`: what follows ON CONFLICT; empty: none is expected."""
    if not rows:
        return
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    held = _held(table, columns, rows)
    if connection.dialect.name == "postgresql":
        statement, values = _unnest(table, columns, held)
        await connection.driver(statement + tail, values)
    else:
        await connection.driver(_values(table, columns) + tail, list(zip(*held, strict=True)))


async def add_new(
    connection: Connection, table: Table, columns: Sequence[str], gateway: str, rows: Mapping[str, Row]
) -> frozenset[str]:
    """Add those whose (gateway, id) is not there yet, and give their ids. `rows`: by id."""
    if not rows:
        return frozenset()
    if connection.dialect.name == "postgresql":
        statement, values = _unnest(table, columns, _held(table, columns, list(rows.values())))
        added = await connection.driver(f"{statement} ON CONFLICT (gateway, id) DO NOTHING RETURNING id", values)
        return frozenset(added.scalars())
    # SQLite's only writer sees what is there, and nobody adds to it before this one ends.
    ids = "SELECT value FROM json_each(?)"  # one text, and one statement however many they are
    there = f"SELECT id FROM {table.name} WHERE gateway = ? AND id IN ({ids})"  # noqa: S608  (a name of ours)
    known = set((await connection.driver(there, (gateway, json.dumps(list(rows))))).scalars())
    fresh = {id_: row for id_, row in rows.items() if id_ not in known}
    await add(connection, table, columns, list(fresh.values()))
    return frozenset(fresh)


def _held(table: Table, columns: Sequence[str], rows: Sequence[Row]) -> list[Column]:
    """The rows by column, as the database keeps their values."""
    held = list(zip(*rows, strict=True))
    for number, name in enumerate(columns):
        if isinstance(table.c[name].type, Instant):
            known = {moment: None if moment is None else micros(moment) for moment in set(held[number])}
            held[number] = tuple(known[moment] for moment in held[number])
    return held


def _unnest(table: Table, columns: Sequence[str], held: Sequence[Column]) -> tuple[str, Column]:
    """A column that says the same in every row is sent once: asyncpg looks long at each element of an array."""
    said: list[str] = []
    arrays: list[str] = []
    values: list[object] = []
    for name, column in zip(columns, held, strict=True):
        kind = _TYPES[type(table.c[name].type)]
        mark = f"${len(values) + 1}"
        if column.count(column[0]) == len(column):
            said.append(f"{mark}::{kind}")
            values.append(column[0])
        else:
            arrays.append(f"{mark}::{kind}[]")
            said.append(f"new.c{len(arrays)}")
            values.append(list(column))
    unnested = f"unnest({', '.join(arrays)}) AS new({_numbered(len(arrays))})"
    source = unnested if arrays else f"generate_series(1, {len(held[0])})"
    return f"{_into(table, columns)} SELECT {', '.join(said)} FROM {source}", tuple(values)  # noqa: S608  (marks)


def _numbered(count: int) -> str:
    return ", ".join(f"c{number}" for number in range(1, count + 1))


def _values(table: Table, columns: Sequence[str]) -> str:
    return f"{_into(table, columns)} VALUES ({', '.join('?' * len(columns))})"


def _into(table: Table, columns: Sequence[str]) -> str:
    quoted = ", ".join(f'"{name}"' for name in columns)  # `before` and `at` are words of SQL
    return f"INSERT INTO {table.name} ({quoted})"
