"""Figures of a whole period side by side: a row for each beacon, project, gateway or community.

Every function asks the database once. `wanted` has steps of a day, so that the stored days are read. A key of "" is
what happened at none.
"""

from enum import StrEnum

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import intents, screen_figures, shake_counts, visit_figures, visitor_registers
from central_server.store.engine.tables.figures import DWELLS
from central_server.store.statistics import gift_figures
from central_server.store.statistics.figure_filter import Row, Wanted, scoped, slot_of, whole
from central_server.store.statistics.gift_figures import each_gift, gift_sums
from central_server.store.statistics.phone_figures import phones


class By(StrEnum):
    beacon = "beacon"
    project = "project"
    gateway = "gateway"
    community = "community"


async def visits(connection: Connection, wanted: Wanted, by: By) -> list[Row]:
    """By gateway or community: arrivals of tags, and how long they stayed."""
    table = visit_figures.c
    told = [func.sum(table[name]).label(name) for name in ("arrivals", *DWELLS)]
    statement = await scoped(connection, select(table[by].label("key"), *told), visit_figures, wanted)
    return [whole(row) for row in await connection.execute(statement.group_by(table[by]))]


async def doors(connection: Connection, wanted: Wanted, by: By) -> list[Row]:
    """By beacon, project or community, door and kind (shake, click): how often."""
    table = shake_counts.c
    key = (table[by], table.door, table.kind)
    told = select(table[by].label("key"), table.door, table.kind, func.sum(table.times).label("times"))
    statement = await phones(connection, told, table, wanted)
    return [whole(row) for row in await connection.execute(statement.group_by(*key))]


async def registers(connection: Connection, wanted: Wanted, by: By) -> list[Row]:
    """By beacon, project or community, and by day, door and kind: how many registers have which rank."""
    table = visitor_registers.c
    day = slot_of(table.hour, wanted)
    key = (table[by], table.door, table.kind, table.register)
    merging = select(day.label("day"), table[by].label("key"), *key[1:], func.max(table.rank).label("rank"))
    sketch = (await phones(connection, merging, table, wanted)).group_by(day, *key).subquery().c
    group = (sketch.day, sketch.key, sketch.door, sketch.kind, sketch.rank)
    statement = select(*group, func.count().label("number")).group_by(*group)
    return [whole(row) for row in await connection.execute(statement)]


async def screens(connection: Connection, wanted: Wanted, by: By) -> list[Row]:
    """By key and door: visits and opened."""
    table = screen_figures.c
    sums = (func.sum(table[name]).label(name) for name in ("visits", "opened"))
    told = select(table[by].label("key"), table.door, *sums)
    statement = await scoped(connection, told, screen_figures, wanted)
    return [whole(row) for row in await connection.execute(statement.group_by(table[by], table.door))]


async def gifts(connection: Connection, wanted: Wanted, environment: str, by: By) -> list[Row]:
    """By key, of the gifts registered then; as `gift_figures.gifts`."""
    each = await each_gift(connection, wanted, environment, func.coalesce(intents.c[by], "").label("key"))
    statement = select(each.key, *gift_sums(each)).group_by(each.key)
    return [whole(row) for row in await connection.execute(statement)]


async def spent(connection: Connection, wanted: Wanted, environment: str, by: By) -> dict[str, int]:
    """By key, of the gifts registered then: those that are spent."""
    found = await gift_figures.spent_gifts(connection, wanted, environment, by.value)
    return {key or "": count for key, count in found.items()}
