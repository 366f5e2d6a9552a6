"""Look up by many keys, which are one parameter or two: each parameter costs a driver time."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from central_server.store.engine.bulk_insert import ARRAY_TYPES
from central_server.store.engine.connection import Connection


def is_one_of(connection: Connection, column: ColumnElement[str], texts: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a column has one of the texts. No text contains a comma."""
    if connection.dialect.name == "postgresql":  # a subquery is evaluated once, an array expression for each row
        return column.in_(select(func.unnest(func.string_to_array(",".join(texts), ","))))
    return column.in_(select(func.json_each(json.dumps(list(texts))).table_valued("value").c.value))


async def rows_of(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    key: Sequence[str],
    keys: Collection[tuple[str | int, ...]],
) -> list[Sequence[Any]]:
    """Return these columns of the rows with one of the keys, of two columns or more, in any order.

    Values are the driver's own, in `keys` as in the result: a time is its microseconds, a boolean may be 0 or 1.
    """
    if not keys:
        return []
    selected = ", ".join(f'found."{name}"' for name in columns)
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"${n}::{ARRAY_TYPES[type(table.c[name].type)]}[]" for n, name in enumerate(key, 1))
        places = [f"wanted.k{n}" for n in range(len(key))]
        names = ", ".join(place.removeprefix("wanted.") for place in places)
        values: tuple[object, ...] = tuple(map(list, zip(*keys, strict=True)))
        # OFFSET: each key is looked up in the index; otherwise the planner may read the whole table
        statement = (
            f"SELECT {selected} FROM unnest({arrays}) AS wanted({names})"  # noqa: S608  (our own names)
            f" CROSS JOIN LATERAL (SELECT * FROM {table.name} AS found WHERE {_same(key, places)} OFFSET 0) AS found"
        )
    else:
        places, values = [f"wanted.value ->> {n}" for n in range(len(key))], (json.dumps(list(keys)),)
        # CROSS: SQLite reads the keys first and looks each up
        statement = (
            f"SELECT {selected} FROM json_each(?) AS wanted"  # noqa: S608  (our own names)
            f" CROSS JOIN {table.name} AS found WHERE {_same(key, places)}"
        )
    return list(await connection.driver(statement, values))


def _same(key: Sequence[str], places: Sequence[str]) -> str:
    return " AND ".join(f'found."{name}" = {place}' for name, place in zip(key, places, strict=True))
