"""Figures of phones, read: by which door they came, and how many different visitors."""

from typing import Any

from sqlalchemy import (
    Select,
    func,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import shake_counts, visitor_registers
from central_server.store.statistics.figure_filter import Row, Wanted, seen, slot_of, slot_start, whole


async def doors(connection: Connection, wanted: Wanted) -> list[Row]:
    """By slot, door and kind (shake, click): how often."""
    table = shake_counts.c
    slot = slot_of(table.hour, wanted)
    statement = select(slot.label("slot"), table.door, table.kind, func.sum(table.times).label("times"))
    statement = (await phones(connection, statement, table, wanted)).group_by(slot, table.door, table.kind)
    return [whole(row) | {"slot": slot_start(row.slot, wanted)} for row in await connection.execute(statement)]


async def registers(connection: Connection, wanted: Wanted) -> list[Row]:
    """By slot, door and kind: how many registers have which rank, when all sketches of the slot are merged."""
    table = visitor_registers.c
    slot = slot_of(table.hour, wanted)
    key = (slot.label("slot"), table.door, table.kind, table.register)
    merging = select(*key, func.max(table.rank).label("rank"))
    merging = (await phones(connection, merging, table, wanted)).group_by(slot, table.door, table.kind, table.register)
    sketch = merging.subquery().c
    group = (sketch.slot, sketch.door, sketch.kind, sketch.rank)
    statement = select(*group, func.count().label("number")).group_by(*group)
    return [whole(row) | {"slot": slot_start(row.slot, wanted)} for row in await connection.execute(statement)]


async def phones(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    table: ReadOnlyColumnCollection[str, Any],
    wanted: Wanted,
) -> Select[*tuple[Any, ...]]:
    statement = statement.where(table.hour >= wanted.since, table.hour < wanted.until)
    for column, value in ((table.beacon, wanted.beacon), (table.project, wanted.project)):
        if value is not None:
            statement = statement.where(column == value)
    return await seen(connection, statement, table.community, wanted.tops)
