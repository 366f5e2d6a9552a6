"""Deliveries are stored once, completely or not at all, together with the sequence and the intents."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from central_server.donations.typed_codes import draw_unused_codes
from central_server.enrolment.gateways import register
from central_server.intake.receive import receive
from central_server.store.engine.database import Database
from central_server.store.engine.tables import arrivals, batches, intents, sequences, uncounted
from central_server.store.engine.tables import parcels as parcels_table
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcels
from central_server.store.places.places import TOP
from sync_contract.records import HandoffKind, Parcel
from sync_contract.strict_model import Environment
from sync_contract.wire_record import decode
from tests.fakes.delivering_gateway import DeliveringGateway

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
TABLES = (arrivals, batches, intents, parcels_table, sequences, uncounted)


async def enrolled(database: Database) -> tuple[DeliveringGateway, Gateway]:
    device = DeliveringGateway()
    return device, await register(database, device.id, device.public, "huada", "hall", AT)


async def delivered(database: Database, gateway: Gateway, sent: Sequence[Parcel], at: datetime = AT) -> list[str]:
    """Return the receipts."""
    answer = await receive(database, gateway, sent, Environment.drill, at)
    return [receipt.receipt.value for receipt in answer.receipts]


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    async with database.read() as connection:
        return {
            table.name: [
                dict(row._mapping)
                for row in await connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in TABLES
        }


def mixed(device: DeliveringGateway, count: int = 120) -> list[Parcel]:
    kinds = (
        device.statistics,
        device.intent,
        lambda: device.intent(handoff=HandoffKind.link, amount_minor=77),
    )
    return [kinds[number % 3]() for number in range(count)]


async def test_a_batch_is_stored_in_one_row_and_found_by_each_id(database: Database) -> None:
    device, gateway = await enrolled(database)
    sent = mixed(device)
    assert await delivered(database, gateway, sent) == ["accepted"] * 120
    found = await everything(database)
    assert [len(rows) for rows in found.values()] == [0, 1, 80, 120, 1, 1]
    assert [(row["numbers"], row["intents"], row["statistics"]) for row in found["batches"]] == [("1-120", 80, 40)]
    assert {row["state"] for row in found["intents"]} == {"registered", "unconfirmed"}
    assert all((row["code"] is None) == (row["handoff"] == "link") for row in found["intents"])
    async with database.read() as connection:
        stored = await parcels.find(connection, gateway.id, [parcel.id for parcel in sent])
        assert await parcels.gaps(connection, (TOP,)) == ()
    assert {id_: decode(Parcel, each.content) for id_, each in stored.items()} == {each.id: each for each in sent}


async def test_known_and_new_parcels_come_in_one_delivery(database: Database) -> None:
    device, gateway = await enrolled(database)
    sent = mixed(device, 9)
    await delivered(database, gateway, sent)
    changed = replace(sent[3], n=99)
    moved = replace(sent[4], epoch="0" * 16, n=1)
    new = mixed(device, 3)
    assert await delivered(database, gateway, [sent[0], changed, *new, moved, new[0]], AT + timedelta(days=1)) == [
        *("duplicate", "conflict", "accepted", "accepted", "accepted", "conflict", "duplicate"),
    ]
    found = await everything(database)
    assert len(found["parcels"]) == 12
    assert [row["epoch"] for row in found["sequences"]] == [device.epoch]


async def test_a_number_that_comes_twice_is_a_fork(database: Database) -> None:
    device, gateway = await enrolled(database)
    late, *others = mixed(device, 4)
    await delivered(database, gateway, others)
    twin = replace(device.statistics(), n=4)
    assert await delivered(database, gateway, [late, twin]) == ["accepted"] * 2
    async with database.read() as connection:
        (numbered,) = await parcels.numbered(connection, (TOP,))
        assert (numbered.forks, numbered.forked_n) == (1, 4)
        assert await parcels.of_number(connection, gateway.id, device.epoch, 4) == tuple(
            sorted((twin.id, others[-1].id))
        )


async def test_parcels_of_two_epochs_are_two_batches(database: Database) -> None:
    device, gateway = await enrolled(database)
    sent = [replace(parcel, epoch="f" * 16) if parcel.n > 2 else parcel for parcel in mixed(device, 4)]
    assert await delivered(database, gateway, sent) == ["accepted"] * 4
    assert sorted(row["numbers"] for row in (await everything(database))["batches"]) == ["1-2", "3-4"]


async def test_a_code_that_an_intent_has_is_drawn_again(database: Database) -> None:
    device, gateway = await enrolled(database)
    assert await delivered(database, gateway, [device.intent()]) == ["accepted"]
    (taken,) = [row["code"] for row in (await everything(database))["intents"]]
    drawn = iter([{taken}, {"1111-1111"}])
    async with database.read() as connection:
        assert await draw_unused_codes(connection, 1, lambda _count: next(drawn)) == ("1111-1111",)


async def test_a_gift_of_another_environment_is_refused_alone(database: Database) -> None:
    device, gateway = await enrolled(database)
    sent = [device.intent(environment=Environment.real), device.intent()]
    assert await delivered(database, gateway, sent) == ["refused", "accepted"]


async def test_of_one_batch_sent_many_times_at_once_each_parcel_is_accepted_once(database: Database) -> None:
    device, gateway = await enrolled(database)
    for sent in (mixed(device, 60), mixed(device, 60)):  # an epoch's first batch, and one more
        answers = await asyncio.gather(*(delivered(database, gateway, sent) for _ in range(8)))
        assert sorted(set(receipts) == {"accepted"} for receipts in answers) == [False] * 7 + [True]
    assert len((await everything(database))["parcels"]) == 120
