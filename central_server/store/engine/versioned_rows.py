"""Rows that people edit: each belongs to a place, and whoever saves one says which edit of it was read."""

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
    """Edits come one after the other, so that the newest number of an edit tells that nothing is missing."""
    await connection.alone("catalogue")


async def save(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], read: int
) -> bool:
    """`read`: the revision that was read, 0 for a new row. False when it is another one by now, and nothing changed."""
    told = {**values, "revision": read + 1}
    if read == 0:
        statement = insert(connection, table).values({**key, **told}).on_conflict_do_nothing()
        return bool((await connection.execute(statement)).rowcount)
    same = and_(*(table.c[name] == value for name, value in key.items()), table.c.revision == read)
    return bool((await connection.execute(update(table).where(same).values(told))).rowcount)


async def remove(connection: Connection, table: Table, id_: str, read: int) -> bool:
    """False when it is another revision by now, and nothing changed."""
    same = and_(table.c.id == id_, table.c.revision == read)
    return bool((await connection.execute(table.delete().where(same))).rowcount)


async def edited(connection: Connection, place: str, now: datetime) -> None:
    """Say that what is published at and below `place` may have changed. After `begin`, in the same write."""
    await connection.execute(catalogue_edits.insert().values(place=place, at=now))
    await process_events.tell(connection, Topic.catalogue)


async def newest_edit(connection: Connection, community: str) -> int:
    """The number of the newest edit that concerns the community; 0 before the first."""
    newest = select(func.max(catalogue_edits.c.seq)).where(concerns(catalogue_edits.c.place, community))
    return (await connection.execute(newest)).scalar() or 0


def holds_at(column: ColumnElement[Any], place: str) -> ColumnElement[bool]:
    """For `where`: what the row says holds at `place`, for it belongs to that place or one above it."""
    return column.in_(select(place_ancestors.c.ancestor).where(place_ancestors.c.place == place))


def concerns(column: ColumnElement[Any], place: str) -> ColumnElement[bool]:
    """For `where`: the row belongs to `place`, above it or below it."""
    return or_(holds_at(column, place), within(column, [place]))


def visible(column: ColumnElement[Any], tops: Collection[str]) -> ColumnElement[bool]:
    """For `where`: the row belongs to a place at or below `tops`, or holds there from above."""
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place.in_(tops))
    return or_(within(column, tops), column.in_(above))


def height(column: ColumnElement[Any]) -> ColumnElement[int]:
    """For `order_by`: how far down the row's place stands; the nearest place is the greatest."""
    above = place_ancestors.alias()
    return select(func.count()).select_from(above).where(above.c.place == column).scalar_subquery()
