"""Store the gateways' cosignatures of published heads, and their refusals of inconsistent ones."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of
from central_server.store.engine.tables import cosignatures, gateway_keys, gateways, head_refusals, heads
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class StoredCosignature:
    """`head`: its `seq`. `key`: the gateway's key at that time."""

    head: int
    gateway: str
    key: str
    signature: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """`digest`: of the refused head. `refused_at`: by the gateway's own clock."""

    gateway: str
    community: str
    project: str
    step: int
    digest: str
    contradiction: str
    refused_at: datetime
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosignature with the public half of its key."""

    head: int
    gateway: str
    key: str
    public: str
    signature: str


async def add(connection: Connection, cosignature: StoredCosignature) -> None:
    """Insert a cosignature; a repeated one changes nothing."""
    statement = insert(connection, cosignatures).values(asdict(cosignature))
    await connection.execute(statement.on_conflict_do_nothing())


async def add_refusal(connection: Connection, refusal: StoredRefusal) -> None:
    statement = insert(connection, head_refusals).values(asdict(refusal))
    await connection.execute(statement.on_conflict_do_nothing())


async def of_heads(connection: Connection, seqs: Collection[int]) -> dict[int, list[Witness]]:
    """Return cosignatures by the heads' `seq`, each list ordered by gateway."""
    table, keys = cosignatures.c, gateway_keys.c
    joined = cosignatures.join(gateway_keys, (keys.gateway == table.gateway) & (keys.key == table.key))
    statement = select(table.head, table.gateway, table.key, keys.public, table.signature).select_from(joined)
    found: dict[int, list[Witness]] = {}
    for row in await connection.execute(statement.where(table.head.in_(seqs)).order_by(table.head, table.gateway)):
        found.setdefault(row.head, []).append(Witness(*row))
    return found


async def count(connection: Connection, community: str, environment: str) -> int:
    """Count the cosignatures of the community's heads."""
    joined = cosignatures.join(heads, heads.c.seq == cosignatures.c.head)
    statement = select(func.count()).select_from(joined)
    statement = statement.where(heads.c.community == community, heads.c.environment == environment)
    return int((await connection.execute(statement)).scalar_one())


async def refusals(connection: Connection, tops: Collection[str]) -> list[tuple[StoredRefusal, str]]:
    """Return refusals at and below `tops`, newest first, each with the gateway's label; at most 100."""
    columns = columns_of(head_refusals, StoredRefusal)
    joined = head_refusals.join(gateways, gateways.c.id == head_refusals.c.gateway)
    statement = select(*columns, gateways.c.label).select_from(joined)
    statement = statement.where(within(head_refusals.c.community, tops)).order_by(head_refusals.c.reported_at.desc())
    return [(StoredRefusal(*row[:-1]), row[-1]) for row in await connection.execute(statement.limit(100))]
