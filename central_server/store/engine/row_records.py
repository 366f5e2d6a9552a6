"""Read rows into records: dataclasses whose fields have the names of the selected columns."""

from typing import Any, TypeVar

from sqlalchemy import Column, Select, Table

from central_server.store.engine.connection import Connection

Record = TypeVar("Record")


def columns_of(table: Table, record: type[Any]) -> list[Column[Any]]:
    """Return the table's columns for the fields of a record, in their order."""
    return [table.c[name] for name in record.__dataclass_fields__]


async def fetch_one(connection: Connection, record: type[Record], statement: Select[Any]) -> Record | None:
    """Return the only row, None if there is none. Raises MultipleResultsFound."""
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else record(**row._mapping)


async def fetch_all(connection: Connection, record: type[Record], statement: Select[Any]) -> tuple[Record, ...]:
    return tuple(record(**row._mapping) for row in await connection.execute(statement))
