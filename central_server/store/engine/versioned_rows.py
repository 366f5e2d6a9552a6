"""Rows that people edit: each belongs to a place, and saving one states the revision that was read."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, update

from central_server.store.engine import process_events
from central_server.store.engine.connection import Connection
from central_server.store.engine.process_events import Topic
from central_server.store.engine.tables import catalogue_edits, place_ancestors
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


async def begin(connection: Connection) -> None:
    """Make edits wait for each other, so that no edit has a number below the newest one that was read."""
    await connection.alone("catalogue")


async def save(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], read: int
) -> bool:
    """Save a row. `read`: the revision that was read, 0 for a new row.

    Return False, without a change, when the row has another revision now.
    """
    changed = {**values, "revision": read + 1}
    if read == 0:
        statement = insert(connection, table).values({**key, **changed}).on_conflict_do_nothing()
        return bool((await connection.execute(statement)).rowcount)
    same = and_(*(table.c[name] == value for name, value in key.items()), table.c.revision == read)
    return bool((await connection.execute(update(table).where(same).values(changed))).rowcount)


async def remove(connection: Connection, table: Table, id_: str, read: int) -> bool:
    """Remove a row. Return False, without a change, when it has another revision now."""
    same = and_(table.c.id == id_, table.c.revision == read)
    return bool((await connection.execute(table.delete().where(same))).rowcount)


async def record_edit(connection: Connection, place: str, now: datetime) -> None:
    """Record that what is published at and below `place` may have changed. `begin` was called in the same write."""
    await connection.execute(catalogue_edits.insert().values(place=place, at=now))
    await process_events.notify(connection, Topic.catalogue)


async def newest_edit(connection: Connection, community: str) -> int:
    """Return the number of the newest edit that concerns the community; 0 before the first."""
    newest = select(func.max(catalogue_edits.c.seq)).where(concerns(catalogue_edits.c.place, community))
    return (await connection.execute(newest)).scalar() or 0


def holds_at(column: ColumnElement[Any], place: str) -> ColumnElement[bool]:
    """Condition: the row is valid at `place`, because it belongs to that place or one above it."""
    return column.in_(select(place_ancestors.c.ancestor).where(place_ancestors.c.place == place))


def concerns(column: ColumnElement[Any], place: str) -> ColumnElement[bool]:
    """Condition: the row belongs to `place` or to one above or below it."""
    return or_(holds_at(column, place), within(column, [place]))


def visible(column: ColumnElement[Any], tops: Collection[str]) -> ColumnElement[bool]:
    """Condition: the row belongs to a place at or below `tops`, or to one above them."""
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place.in_(tops))
    return or_(within(column, tops), column.in_(above))


def height(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Order by the depth of the row's place: the nearest place has the greatest."""
    above = place_ancestors.alias()
    return select(func.count()).select_from(above).where(above.c.place == column).scalar_subquery()
