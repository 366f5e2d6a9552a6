"""What gateways say of published heads: co-signatures of those in order, refusals of the others."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import cosignatures, gateway_keys, gateways, head_refusals, heads
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class StoredCosignature:
    """`head`: its `seq`; `key`: the gateway's of that time."""

    head: int
    gateway: str
    key: str
    signature: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """`digest`: of the head that the gateway was shown; `refused_at`: by its own clock."""

    gateway: str
    community: str
    project: str
    step: int
    digest: str
    contradiction: str
    refused_at: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Witness:
    """A co-signature with the public half of its key."""

    head: int
    gateway: str
    key: str
    public: str
    signature: str


async def add(connection: Connection, cosignature: StoredCosignature) -> None:
    """A gateway co-signs a head once; what it says again changes nothing."""
    statement = insert(connection, cosignatures).values(asdict(cosignature))
    await connection.execute(statement.on_conflict_do_nothing())


async def refuse(connection: Connection, refusal: StoredRefusal) -> None:
    statement = insert(connection, head_refusals).values(asdict(refusal))
    await connection.execute(statement.on_conflict_do_nothing())


async def of_heads(connection: Connection, seqs: Collection[int]) -> dict[int, list[Witness]]:
    """By the heads' `seq`; each head's by gateway."""
    table, keys = cosignatures.c, gateway_keys.c
    joined = cosignatures.join(gateway_keys, (keys.gateway == table.gateway) & (keys.key == table.key))
    statement = select(table.head, table.gateway, table.key, keys.public, table.signature).select_from(joined)
    found: dict[int, list[Witness]] = {}
    for row in await connection.execute(statement.where(table.head.in_(seqs)).order_by(table.head, table.gateway)):
        found.setdefault(row.head, []).append(Witness(*row))
    return found


async def counted(connection: Connection, community: str, environment: str) -> int:
    """How many co-signatures the community's heads have."""
    joined = cosignatures.join(heads, heads.c.seq == cosignatures.c.head)
    statement = select(func.count()).select_from(joined)
    statement = statement.where(heads.c.community == community, heads.c.environment == environment)
    return int((await connection.execute(statement)).scalar_one())


async def refusals(connection: Connection, tops: Collection[str]) -> list[tuple[StoredRefusal, str]]:
    """Of the communities at and below `tops`, the newest first, each with the gateway's label."""
    columns = [head_refusals.c[name] for name in StoredRefusal.__dataclass_fields__]
    joined = head_refusals.join(gateways, gateways.c.id == head_refusals.c.gateway)
    statement = select(*columns, gateways.c.label).select_from(joined)
    statement = statement.where(within(head_refusals.c.community, tops)).order_by(head_refusals.c.told_at.desc())
    return [(StoredRefusal(*row[:-1]), row[-1]) for row in await connection.execute(statement.limit(100))]
