"""When each parcel happened, and the clock readings (anchors) that give the time of a boot.

A key is a gateway with a parcel or a boot.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from central_server.store.engine import bulk_insert
from central_server.store.engine.bulk_lookup import rows_of
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import boots, moments
from central_server.store.engine.timestamps import moment
from central_server.store.parcels import parcels

Key = tuple[str, str]


class StoredMoment(NamedTuple):
    """`unsure_boot`: the boot whose anchor would be more exact; None when the parcel's own clock was synchronised."""

    gateway: str
    parcel: str
    community: str
    kind: str
    at: datetime
    sure: bool
    unsure_boot: str | None


class StoredContent(NamedTuple):
    gateway: str
    parcel: str
    community: str
    content: bytes
    received_at: datetime


def _replace(key: str, *columns: str) -> str:
    return f"({key}) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns)


async def contents(connection: Connection, keys: Collection[Key]) -> list[StoredContent]:
    """Return the parcels in the order of their keys."""
    found = await parcels.find_of_gateways(connection, keys)
    return sorted(
        StoredContent(each.gateway, each.id, each.community, each.content, each.received_at) for each in found
    )


async def set_anchors(connection: Connection, new: Mapping[Key, tuple[int, datetime]]) -> None:
    """Store for each boot a reading of its monotonic clock and the time of that reading, in place of any other."""
    rows = [(*key, *reading) for key, reading in sorted(new.items())]
    replaced = _replace("gateway, boot", "monotonic_ns", "wall")
    await bulk_insert.add(connection, boots, ("gateway", "boot", "monotonic_ns", "wall"), rows, replaced)


async def anchors(connection: Connection, keys: Collection[Key]) -> dict[Key, tuple[int, datetime]]:
    """Return for each boot a reading of its monotonic clock and the time of that reading."""
    rows = await rows_of(connection, boots, ("gateway", "boot", "monotonic_ns", "wall"), ("gateway", "boot"), keys)
    return {(gateway, boot): (monotonic_ns, moment(wall)) for gateway, boot, monotonic_ns, wall in rows}


async def store(connection: Connection, new: Sequence[StoredMoment]) -> None:
    replaced = _replace("gateway, parcel", '"at"', "sure", "unsure_boot")
    await bulk_insert.add(connection, moments, StoredMoment._fields, new, replaced)


async def unsure(connection: Connection, keys: Collection[Key]) -> dict[str, list[str]]:
    """Return by gateway the ids of these boots' parcels whose own clock was not synchronised."""
    found: dict[str, list[str]] = {}
    for gateway, parcel in await rows_of(connection, moments, ("gateway", "parcel"), ("gateway", "unsure_boot"), keys):
        found.setdefault(gateway, []).append(parcel)
    return found


async def between(connection: Connection, gateway: str, since: datetime, until: datetime) -> dict[str, bool]:
    """Return the counted parcels that happened from `since` and before `until`, and whether that is sure."""
    statement = select(moments.c.parcel, moments.c.sure).where(
        moments.c.gateway == gateway, moments.c.at >= since, moments.c.at < until, moments.c.kind != "intent"
    )
    return {row.parcel: row.sure for row in await connection.execute(statement.order_by(moments.c.parcel))}


async def known(connection: Connection, keys: Collection[Key]) -> dict[Key, tuple[datetime, bool]]:
    """Return for each known parcel when it happened, and whether that is sure."""
    rows = await rows_of(connection, moments, ("gateway", "parcel", "at", "sure"), ("gateway", "parcel"), keys)
    return {(gateway, parcel): (moment(at), bool(sure)) for gateway, parcel, at, sure in rows}
