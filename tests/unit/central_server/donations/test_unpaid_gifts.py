"""Delete gifts that began on a phone and were never paid, and no other."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from central_server.donations.settlement import post_payment
from central_server.donations.unpaid_gifts import STORED_FOR, delete_unpaid
from central_server.store.donations import attempts, intents, unpaid_gifts
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.intents import Intent
from central_server.store.engine import tables
from sync_contract.uuid7 import new_id
from tests.databases import sqlite_only
from tests.unit.central_server.reconciling_world import NOW, Books, world
from tests.unit.central_server.test_bad_records import refuse

__all__ = ["world"]

OLD = NOW - STORED_FOR - timedelta(seconds=1)


async def begin(world: Books, at: datetime, where: str = "page", *, paid: bool = False) -> tuple[Intent, Attempt]:
    """Register a gift with an attempt, which ended unless it was paid."""
    intent = Intent(
        world.gateway, new_id(), world.community, "drill", "lunch", 500, "CNY", None, 1, "ticket", "qr", at, where,
        "registered",
    )  # fmt: skip
    attempt = Attempt(
        new_id(),
        world.gateway,
        intent.id,
        1,
        world.community,
        "drill",
        "b",
        500,
        "CNY",
        new_id(),
        "opened",
        at,
        0,
        None,
    )
    async with world.database.write() as connection:
        await intents.add(connection, [intent])
        await attempts.add(connection, attempt)
        await attempts.move(connection, attempt, AttemptState.expired, at=at, cause="query", evidence="")
        if paid:
            await post_payment(
                connection, replace(attempt, state="expired"), payment="Q1", flawed=False, cause="test", evidence="Q1",
                next_query_at=None, at=at, late=True,
            )  # fmt: skip
    return intent, attempt


async def left(world: Books) -> set[str]:
    async with world.database.read() as connection:
        found = [
            set((await connection.execute(select(column))).scalars())
            for column in (tables.intents.c.id, tables.attempts.c.intent, tables.state_changes.c.intent)
        ]
    assert found[0] == found[1] == found[2]
    return found[0]


async def test_only_gifts_from_phones_that_nobody_paid_are_deleted_after_a_year(world: Books) -> None:
    gone = [await begin(world, OLD) for _ in range(2)]
    paid, _ = await begin(world, OLD, paid=True)
    notified, order = await begin(world, OLD)
    queried, open_order = await begin(world, OLD)
    stays = [paid, notified, queried, (await begin(world, OLD, "parcel"))[0], (await begin(world, NOW))[0]]
    async with world.database.write() as connection:
        message = {"bank": "b", "id": "n", "attempt": order.id, "community": world.community, "fingerprint": ""}
        await connection.execute(insert(tables.notifications).values(message | {"content": "", "received_at": OLD}))
        await attempts.ask_again(connection, open_order, NOW)
    assert await delete_unpaid(world.database, NOW - timedelta(days=1)) == 0
    assert await delete_unpaid(world.database, NOW) == len(gone)
    assert await left(world) == {intent.id for intent in stays}
    for intent in (paid, stays[3]):
        with pytest.raises(DBAPIError, match="only added to"):
            async with world.database.write() as connection:
                await unpaid_gifts.remove(connection, intent)


@sqlite_only
async def test_damaged_gifts_delay_the_deletion_of_no_other(world: Books) -> None:
    about = (world.community, "drill", "lunch", 500, "CNY", None, 1, "ticket", "qr")
    old = [Intent(world.gateway, new_id(), *about, OLD - timedelta(seconds=n), "page", "closed") for n in range(104)]
    async with world.database.write() as connection:
        await intents.add(connection, old)
        await refuse(connection, "DELETE", "intents", f"OLD.first_seen_at < {(OLD.timestamp() - 2) * 1e6:.0f}")
    assert await delete_unpaid(world.database, NOW) == 3
    async with world.database.read() as connection:
        assert len((await connection.execute(select(tables.intents.c.id))).all()) == 101
