"""Read gifts that were handed to a public page and wait for evidence of payment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import attempts, gateways, intents
from central_server.store.places.places import within
from sync_contract.records import IntentState

MAX_LISTED = 5000


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    gateway: str
    label: str
    id: str
    community: str
    project: str
    amount_minor: int
    currency: str
    beacon: str | None
    door: str | None
    first_seen_at: datetime


async def every(
    connection: Connection, tops: Collection[str], environment: str, limit: int = MAX_LISTED
) -> tuple[Unconfirmed, ...]:
    """Return waiting gifts, oldest first, at most `limit`."""
    table = intents.c
    statement = (
        select(
            table.gateway, gateways.c.label, table.id, table.community, table.project, table.amount_minor,
            table.currency, table.beacon, table.door, table.first_seen_at,
        )
        .select_from(intents.join(gateways, gateways.c.id == table.gateway))
        .where(
            table.state == IntentState.unconfirmed.value,
            table.environment == environment,
            within(table.community, tops),
        )
        .order_by(table.first_seen_at, table.id)
        .limit(limit)
    )  # fmt: skip
    return await fetch_all(connection, Unconfirmed, statement)


async def known(connection: Connection, ids: Collection[str]) -> dict[str, list[tuple[str, str, str, str, int]]]:
    """Return by gift id: gateway, community, environment, state and fen of each gift of that id."""
    found: dict[str, list[tuple[str, str, str, str, int]]] = {}
    table = intents.c
    columns = (table.id, table.gateway, table.community, table.environment, table.state, table.amount_minor)
    every_id = sorted(ids)
    for start in range(0, len(every_id), 500):
        statement = select(*columns).where(table.id.in_(every_id[start : start + 500]))
        for id_, *rest in await connection.execute(statement):
            found.setdefault(id_, []).append((rest[0], rest[1], rest[2], rest[3], int(rest[4])))
    return found


async def evidence_used(connection: Connection, environment: str, rest: Collection[str]) -> frozenset[str]:
    """Return those of the numbers under which another payment is recorded already."""
    found = set[str]()
    every_number = sorted(rest)
    for start in range(0, len(every_number), 500):
        statement = select(attempts.c.evidence).where(
            attempts.c.environment == environment, attempts.c.evidence.in_(every_number[start : start + 500])
        )
        found |= set((await connection.execute(statement)).scalars())
    return frozenset(found)
