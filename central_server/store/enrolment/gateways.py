"""Gateways and their keys."""

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, true, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import gateway_keys, gateways
from central_server.store.engine.timestamps import moment
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within

DEVICE, SERVER = "device", "server"


@dataclass(frozen=True, slots=True)
class Gateway:
    """`site`: the place below the community where it stands, when staff said so. `kind`: DEVICE or SERVER.

    `retired_at`: since when it is out of service; its history remains.
    """

    id: str
    community: str
    label: str
    site: str | None = None
    kind: str = "device"
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """`origin`: operator, code or roll. `revoked_at` may be in the future: until then the key is valid."""

    gateway: str
    key: str
    public: str
    origin: str
    replaces: str | None
    added_at: datetime
    first_used_at: datetime | None
    revoked_at: datetime | None
    revoked_why: str

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None or now < self.revoked_at


async def add(connection: Connection, gateway: Gateway, now: datetime) -> None:
    await connection.execute(gateways.insert().values(asdict(gateway) | {"added_at": now}))


async def own(connection: Connection, community: str, now: datetime) -> Gateway:
    """Return the gateway under which this server registers the community's phone gifts; it is created on first use.

    It has no key and is in no list.
    """
    named = hashlib.sha256(f"server of {community}".encode()).hexdigest()[:16]
    ours = Gateway(named, community, "手机网页 · Phone page", kind=SERVER)
    values = asdict(ours) | {"added_at": now}
    await connection.execute(insert(connection, gateways).values(values).on_conflict_do_nothing())
    return ours


async def add_key(
    connection: Connection,
    gateway: str,
    key: str,
    public: str,
    now: datetime,
    *,
    origin: str = "operator",
    replaces: str | None = None,
) -> bool:
    """Add a key. Return False when a gateway, this one or another, already has it."""
    statement = insert(connection, gateway_keys).values(
        gateway=gateway, key=key, public=public, added_at=now, origin=origin, replaces=replaces, revoked_why=""
    )
    return bool((await connection.execute(statement.on_conflict_do_nothing())).rowcount)


async def get(connection: Connection, gateway: str) -> Gateway | None:
    found = (await connection.execute(_GATEWAYS.where(gateways.c.id == gateway))).one_or_none()
    return None if found is None else Gateway(*found)


async def lock(connection: Connection, gateway: str) -> None:
    """Lock the gateway's keys and codes until this transaction ends. Its parcels are accepted meanwhile."""
    await connection.execute(select(gateways.c.id).where(gateways.c.id == gateway).with_for_update(key_share=True))


async def every(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> tuple[Gateway, ...]:
    """Return the devices of the communities at and below `tops`, including retired ones, by label."""
    wanted = _GATEWAYS.where(
        within(gateways.c.community, tops), is_among(gateways.c.id, among), gateways.c.kind == DEVICE
    )
    return tuple(Gateway(*row) for row in await connection.execute(wanted.order_by(gateways.c.label, gateways.c.id)))


def is_among(column: ColumnElement[str], ids: Collection[str] | None) -> ColumnElement[bool]:
    """Condition: the column names one of these gateways; None: any."""
    return true() if ids is None else column.in_(ids)


async def change(connection: Connection, gateway: str, label: str, site: str | None) -> None:
    await connection.execute(update(gateways).where(gateways.c.id == gateway).values(label=label, site=site))


async def retire(connection: Connection, gateway: str, at: datetime | None) -> None:
    """Take the gateway out of service; None: put it back."""
    await connection.execute(update(gateways).where(gateways.c.id == gateway).values(retired_at=at))


async def by_key(connection: Connection, key: str) -> tuple[Gateway, Key] | None:
    """Return the gateway that has this key, and the key, valid or not. A key belongs to one gateway only."""
    found = (await connection.execute(_BY_KEY, {"signed_with": key})).one_or_none()
    if found is None:
        return None
    return Gateway(found.gateway, found.community, found.label, found.site), _key(found)


async def signed_with(database: Database, gateway: str, key: str) -> tuple[Gateway, Key] | None:
    """Return the gateway and its key, valid or not, without a transaction: every request needs it."""
    for row in await database.fetch_rows(_HOLDER, {"asked": gateway, "signed_with": key}):
        community, label, site, _, _, public, origin, replaces, added_at, *times, why = row
        first_used_at, revoked_at = (None if each is None else moment(each) for each in times)
        found = Key(gateway, key, public, origin, replaces, moment(added_at), first_used_at, revoked_at, why)
        return Gateway(gateway, community, label, site), found
    return None


async def keys(connection: Connection, gateway: str) -> tuple[Key, ...]:
    """Return the keys of one gateway, the newest first."""
    statement = select(*_KEY).where(gateway_keys.c.gateway == gateway).order_by(gateway_keys.c.added_at.desc())
    return tuple(_key(row) for row in await connection.execute(statement))


async def keys_within(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> tuple[Key, ...]:
    """Return the keys of the gateways of the communities at and below `tops`, the newest first."""
    statement = select(*_KEY).join_from(gateway_keys, gateways)
    statement = statement.where(within(gateways.c.community, tops), is_among(gateways.c.id, among))
    return tuple(_key(row) for row in await connection.execute(statement.order_by(gateway_keys.c.added_at.desc())))


async def holders(connection: Connection, public: str) -> tuple[Key, ...]:
    """Return all registrations of this public key, including revoked ones."""
    return tuple(_key(row) for row in await connection.execute(select(*_KEY).where(gateway_keys.c.public == public)))


async def first_use(connection: Connection, gateway: str, key: str, now: datetime) -> bool:
    """Record the first use of a key. Return False when it was used before."""
    statement = update(gateway_keys).where(_is(gateway, key), gateway_keys.c.first_used_at.is_(None))
    return bool((await connection.execute(statement.values(first_used_at=now))).rowcount)


async def revoke_key(connection: Connection, gateway: str, key: str, at: datetime, why: str) -> bool:
    """Revoke a key. Return False when it was not valid at that time."""
    statement = update(gateway_keys).where(_is(gateway, key), _valid_at(at))
    return bool((await connection.execute(statement.values(revoked_at=at, revoked_why=why))).rowcount)


async def revoke_keys(connection: Connection, gateway: str, at: datetime, why: str, *, but: str = "") -> int:
    """Revoke every key that is valid at that time, except `but`. Return how many."""
    statement = update(gateway_keys).where(gateway_keys.c.gateway == gateway, gateway_keys.c.key != but, _valid_at(at))
    return (await connection.execute(statement.values(revoked_at=at, revoked_why=why))).rowcount


def _is(gateway: str, key: str) -> ColumnElement[bool]:
    return (gateway_keys.c.gateway == gateway) & (gateway_keys.c.key == key)


def _valid_at(at: datetime) -> ColumnElement[bool]:
    return or_(gateway_keys.c.revoked_at.is_(None), gateway_keys.c.revoked_at > at)


def _key(row: Any) -> Key:  # noqa: ANN401  (a row)
    return Key(
        row.gateway,
        row.key,
        row.public,
        row.origin,
        row.replaces,
        row.key_added_at,
        row.first_used_at,
        row.revoked_at,
        row.revoked_why,
    )


_GATEWAYS = select(
    gateways.c.id,
    gateways.c.community,
    gateways.c.label,
    gateways.c.site,
    gateways.c.kind,
    gateways.c.retired_at,
)
_KEY = (
    gateway_keys.c.gateway,
    gateway_keys.c.key,
    gateway_keys.c.public,
    gateway_keys.c.origin,
    gateway_keys.c.replaces,
    gateway_keys.c.added_at.label("key_added_at"),
    gateway_keys.c.first_used_at,
    gateway_keys.c.revoked_at,
    gateway_keys.c.revoked_why,
)
_BY_KEY = (
    select(gateways.c.community, gateways.c.label, gateways.c.site, *_KEY)
    .join_from(gateways, gateway_keys)
    .where(gateway_keys.c.key == bindparam("signed_with"))
)
_HOLDER = _BY_KEY.where(gateway_keys.c.gateway == bindparam("asked"))
"""Built once: every request uses it, and building it takes longer than executing it."""
