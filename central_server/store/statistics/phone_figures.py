"""Read the figures of phones: by which door they came, and how many different visitors."""

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import shake_counts, visitor_registers
from central_server.store.statistics.figure_filter import (
    By,
    Columns,
    FigureFilter,
    Row,
    Statement,
    group_key,
    in_scope,
    read_row,
    slot_number,
)


async def doors(connection: Connection, figures: FigureFilter, by: By | None = None) -> list[Row]:
    """By slot or key, door and kind (shake, click): how often."""
    table = shake_counts.c
    key = group_key(table, table.hour, figures, by)
    statement = select(key.label("key"), table.door, table.kind, func.sum(table.times).label("times"))
    statement = (await _in_period(connection, statement, table, figures)).group_by(key, table.door, table.kind)
    return [read_row(row) for row in await connection.execute(statement)]


async def registers(connection: Connection, figures: FigureFilter, by: By | None = None) -> list[Row]:
    """By slot, key, door and kind: how many registers have which rank, when the slot's sketches are merged."""
    table = visitor_registers.c
    slot, key = slot_number(table.hour, figures), group_key(table, table.hour, figures, by)
    columns = (table.door, table.kind, table.register)
    merging = select(slot.label("slot"), key.label("key"), *columns, func.max(table.rank).label("rank"))
    merging = (await _in_period(connection, merging, table, figures)).group_by(slot, key, *columns)
    sketch = merging.subquery().c
    group = (sketch.slot, sketch.key, sketch.door, sketch.kind, sketch.rank)
    statement = select(*group, func.count().label("number")).group_by(*group)
    return [read_row(row) for row in await connection.execute(statement)]


async def _in_period(
    connection: Connection, statement: Statement, columns: Columns, figures: FigureFilter
) -> Statement:
    statement = statement.where(columns.hour >= figures.since, columns.hour < figures.until)
    return await in_scope(connection, statement, columns, figures.scope)
