"""The condition that a column holds one of many texts, which are one parameter: each parameter costs a driver time."""

import json
from collections.abc import Iterable

from sqlalchemy import ColumnElement, any_, func, select

from central_server.store.engine.connection import Connection


def is_one_of(connection: Connection, column: ColumnElement[str], texts: Iterable[str]) -> ColumnElement[bool]:
    """No text contains a comma."""
    if connection.dialect.name == "postgresql":
        return column == any_(func.string_to_array(",".join(texts), ","))
    return column.in_(select(func.json_each(json.dumps(list(texts))).table_valued("value").c.value))
