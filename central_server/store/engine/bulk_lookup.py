"""The condition that a column holds one of many texts, which are one parameter: each parameter costs a driver time."""

import json
from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select

from central_server.store.engine.connection import Connection


def is_one_of(connection: Connection, column: ColumnElement[str], texts: Iterable[str]) -> ColumnElement[bool]:
    """No text contains a comma."""
    if connection.dialect.name == "postgresql":  # a subquery is evaluated once, an array expression for each row
        return column.in_(select(func.unnest(func.string_to_array(",".join(texts), ","))))
    return column.in_(select(func.json_each(json.dumps(list(texts))).table_valued("value").c.value))
