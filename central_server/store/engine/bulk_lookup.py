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
    selected = ", ".join(f'{table.name}."{name}"' for name in columns)
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"${n}::{ARRAY_TYPES[type(table.c[name].type)]}[]" for n, name in enumerate(key, 1))
        places = [f"k{n}" for n in range(len(key))]
        wanted = f"unnest({arrays}) AS wanted({', '.join(places)})"
        values: tuple[object, ...] = tuple(map(list, zip(*keys, strict=True)))
    else:
        places = [f"value ->> {n}" for n in range(len(key))]
        wanted, values = "json_each(?) AS wanted", (json.dumps(list(keys)),)
    same = " AND ".join(f'{table.name}."{name}" = wanted.{place}' for name, place in zip(key, places, strict=True))
    # CROSS: SQLite reads the keys first and looks each up
    statement = f"SELECT {selected} FROM {wanted} CROSS JOIN {table.name} WHERE {same}"  # noqa: S608  (our own names)
    return list(await connection.driver(statement, values))
