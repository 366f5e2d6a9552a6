"""Build a community with gifts in its ledger."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from central_server.ledger.journal import post_fee, post_received, post_refund
from central_server.ledger.spending_rules import SpendingRules
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import gateways
from central_server.store.engine.upsert import insert
from central_server.store.ledger.ledger_lines import LineKind
from central_server.store.places.places import plant_community
from sync_contract.uuid7 import new_id

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
GATEWAY = "a" * 16
HUADA = ("huada", "drill", "lunch")
ANY_PAYEE = SpendingRules(fee_basis_points=0, new_payee_wait=timedelta(0), new_payee_minor=2**53)


async def gave(
    connection: Connection,
    fen: int = 1000,
    *,
    community: str = "huada",
    environment: str = "drill",
    project: str = "lunch",
    again: Attempt | None = None,
    kind: LineKind = LineKind.paid,
    at: datetime = NOW,
) -> Attempt:
    """Add a confirmed gift; `again`: a second payment of the intent of that attempt."""
    await plant_community(connection, community, NOW)
    await connection.execute(
        insert(connection, gateways)
        .values(id=GATEWAY, community=community, label="A", added_at=NOW, kind="device")
        .on_conflict_do_nothing()
    )
    id_ = new_id()
    if again is None:
        intent = Intent(
            GATEWAY, id_, community, environment, project, fen, "CNY", None, 1, "ticket", None, at, "t", "paid"
        )
        await intents.add(connection, [intent])
    else:
        balance = await intents.get(connection, GATEWAY, again.intent)
        assert balance is not None
        intent = balance
    attempt = Attempt(
        id_,
        GATEWAY,
        intent.id,
        1 if again is None else again.number + 1,
        community,
        environment,
        "sandbox",
        fen,
        "CNY",
        id_,
        "paid",
        at,
        0,
        None,
    )
    await attempts.add(connection, attempt)
    attempt = replace(attempt, state="paid")
    assert await post_received(
        connection,
        intent,
        attempt,
        kind=kind if again is None else LineKind.surplus,
        late=False,
        outside_permit=False,
        flawed=False,
        evidence="",
        terms=None,
        at=at,
    )
    return attempt


async def given(database: Database, *fen: int, project: str = "lunch") -> list[Attempt]:
    """Add gifts of these amounts, each in its own transaction."""
    found = []
    for each in fen:
        async with database.write() as connection:
            found.append(await gave(connection, each, project=project))
    return found


async def gave_back(database: Database, attempt: Attempt, fen: int) -> None:
    async with database.write() as connection:
        assert await post_refund(connection, attempt, new_id(), fen, evidence="", at=NOW)


async def charged(database: Database, attempt: Attempt, fen: int) -> None:
    async with database.write() as connection:
        assert await post_fee(connection, attempt, new_id(), fen, evidence="", at=NOW)
