"""Gateways and their keys."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.connection import Connection
from central_server.store.places import within
from central_server.store.tables import gateway_keys, gateways
from central_server.store.upsert import insert


@dataclass(frozen=True, slots=True)
class Gateway:
    id: str
    community: str
    label: str


async def add(connection: Connection, gateway: Gateway, now: datetime) -> None:
    await connection.execute(
        gateways.insert().values(id=gateway.id, community=gateway.community, label=gateway.label, added_at=now)
    )


async def add_key(connection: Connection, gateway: str, key: str, public: str, now: datetime) -> bool:
    """False when the gateway has this key already."""
    statement = insert(connection, gateway_keys).values(gateway=gateway, key=key, public=public, added_at=now)
    return bool((await connection.execute(statement.on_conflict_do_nothing())).rowcount)


async def get(connection: Connection, gateway: str) -> Gateway | None:
    found = (await connection.execute(_GATEWAYS.where(gateways.c.id == gateway))).one_or_none()
    return None if found is None else Gateway(*found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[Gateway, ...]:
    """Of the communities at and below `tops`; by label."""
    wanted = _GATEWAYS.where(within(gateways.c.community, tops))
    return tuple(Gateway(*row) for row in await connection.execute(wanted.order_by(gateways.c.label, gateways.c.id)))


async def known(connection: Connection, gateway: str, key: str) -> tuple[Gateway, str] | None:
    """The gateway and the public key's text, when that key is the gateway's and not revoked."""
    statement = _GATEWAYS.add_columns(gateway_keys.c.public).join_from(gateways, gateway_keys)
    statement = statement.where(
        gateway_keys.c.gateway == gateway, gateway_keys.c.key == key, gateway_keys.c.revoked_at.is_(None)
    )
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else (Gateway(found.id, found.community, found.label), found.public)


_GATEWAYS = select(gateways.c.id, gateways.c.community, gateways.c.label)
