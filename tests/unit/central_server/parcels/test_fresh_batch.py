"""The short way of a batch that is all new leaves what the long one leaves; any other leaves nothing behind."""

import asyncio
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from central_server.enrolment.gateways import register
from central_server.intake import whole
from central_server.intake.at_once import read_at_once
from central_server.intake.batch import read_batch
from central_server.intake.receive import receive
from central_server.intake.whole import keep_whole, receipts
from central_server.store.engine.database import Database
from central_server.store.engine.tables import arrivals, batches, intents, sequences, uncounted
from central_server.store.engine.tables import parcels as parcels_table
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcels
from central_server.store.places.places import TOP
from sync_contract.records import HandoffKind, Parcel, ParcelReceipts, Receipt, canonical
from sync_contract.strict_model import Environment
from tests.fakes.delivering_gateway import DeliveringGateway

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
TABLES = (arrivals, batches, intents, parcels_table, sequences, uncounted)


async def enrolled(database: Database) -> tuple[DeliveringGateway, Gateway]:
    device = DeliveringGateway()
    return device, await register(database, device.id, device.public, "huada", "hall", AT)


def packed(made: Sequence[Parcel]) -> bytes:
    return gzip.compress(b'{"contract":1,"parcels":[' + b",".join(map(canonical, made)) + b"]}", mtime=0)


async def kept(database: Database, gateway: Gateway, made: Sequence[Parcel], at: datetime = AT) -> bool:
    read = read_at_once(gzip.decompress(packed(made)))
    assert read is not None
    return await keep_whole(database, gateway, read, packed(made), Environment.drill, at)


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
    ways = (
        device.statistics,
        device.intent,
        lambda: device.intent(handoff=HandoffKind.link, amount_minor=77),
    )
    return [ways[number % 3]() for number in range(count)]


async def test_the_short_way_leaves_what_the_long_one_leaves(database: Database) -> None:
    left = []
    for by_the_short_way in (True, False):
        device, gateway = await enrolled(database)
        made = mixed(device)
        for some, at in ((made[:70], AT), (made[70:], AT + timedelta(hours=1))):
            if by_the_short_way:
                assert await kept(database, gateway, some, at)
            else:
                items = read_batch(gzip.decompress(packed(some)))
                await receive(database, gateway, items, Environment.drill, at)
        left.append(told(await everything(database), gateway, [parcel.id for parcel in made]))
    assert left[0] == left[1]
    assert [len(rows) for rows in left[0].values()] == [0, 2, 80, 120, 1, 3]


def told(found: dict[str, list[dict[str, Any]]], gateway: Gateway, ids: Sequence[str]) -> dict[str, list[object]]:
    """What is different by chance told in the same words."""
    numbers = {row["seq"]: number for number, row in enumerate(found["batches"]) if row["gateway"] == gateway.id}
    first = min(numbers.values())

    def plain(name: str, row: dict[str, Any]) -> object:
        row = {key: value for key, value in row.items() if key not in ("gateway", "seq", "epoch", "content")}
        if name == "intents":
            row["code"] = row["code"] and len(row["code"])
        if name in ("intents", "parcels"):
            row["id"] = ids.index(row["id"])
        if name == "parcels":
            row["batch"] = numbers[row["batch"]] - first
        if name == "uncounted":
            row["parcels"] = [ids.index(row["parcels"][at : at + 32]) for at in range(0, len(row["parcels"]), 32)]
        return row

    return {name: [plain(name, row) for row in rows if row["gateway"] == gateway.id] for name, rows in found.items()}


async def test_what_came_is_kept_as_it_came(database: Database) -> None:
    device, gateway = await enrolled(database)
    made = mixed(device)
    assert await kept(database, gateway, made)
    assert [row["content"] for row in (await everything(database))["batches"]] == [packed(made)]
    async with database.read() as connection:
        found = await parcels.find(connection, gateway.id, [parcel.id for parcel in made])
        assert await parcels.gaps(connection, (TOP,)) == ()
    assert {id_: each.content for id_, each in found.items()} == {parcel.id: canonical(parcel) for parcel in made}


def test_its_receipts_are_those_of_the_contract() -> None:
    made = mixed(DeliveringGateway(), 5)
    read = read_at_once(gzip.decompress(packed(made)))
    assert read is not None
    answer = ParcelReceipts.model_validate_json(receipts(read))
    assert [(receipt.id, receipt.receipt, receipt.reason) for receipt in answer.receipts] == [
        (parcel.id, Receipt.accepted, "") for parcel in made
    ]


async def refused(database: Database, gateway: Gateway, made: Sequence[Parcel]) -> None:
    """Nothing is kept, and nothing is locked."""
    before = await everything(database)
    assert not await kept(database, gateway, made, AT + timedelta(days=1))
    assert await everything(database) == before
    async with database.write() as connection:
        await parcels.count_up(connection, gateway, "f" * 16, 1, [1], AT)


async def test_one_that_is_here_already_sends_all_the_long_way(database: Database) -> None:
    device, gateway = await enrolled(database)
    made = mixed(device, 9)
    assert await kept(database, gateway, made)
    await refused(database, gateway, made)
    for known in (made[3], made[4]):  # a report, a gift
        device.n += 1
        again = known.model_copy(update={"n": device.n})
        await refused(database, gateway, [again])
        await refused(database, gateway, sorted([again, *mixed(device, 5)], key=lambda parcel: parcel.id))
        await refused(database, gateway, [known.model_copy(update={"epoch": "0" * 16, "n": 1})])


async def test_a_number_that_was_passed_is_looked_at(database: Database) -> None:
    device, gateway = await enrolled(database)
    late, *others = mixed(device, 4)
    assert await kept(database, gateway, others)
    await refused(database, gateway, [late])
    await refused(database, gateway, [late.model_copy(update={"n": 4})])


async def test_a_ticket_that_came_first_is_looked_at(database: Database) -> None:
    device, gateway = await enrolled(database)
    before = device.intent()
    device.n = 0
    await receive(database, gateway, read_batch(gzip.decompress(packed([before]))), Environment.drill, AT)
    async with database.write() as connection:  # as a ticket leaves it: an intent without a parcel
        await parcels.take_back(connection, gateway.id, [before.id])
    await refused(database, gateway, [before.model_copy(update={"n": 2}), device.statistics()][:1])


async def test_a_code_that_somebody_has_is_drawn_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    device, gateway = await enrolled(database)
    monkeypatch.setattr(whole, "drawn", lambda count: {"0000-0000"} if count else set())
    assert await kept(database, gateway, [device.intent()])
    await refused(database, gateway, [device.intent()])


async def test_a_gift_of_another_environment_is_looked_at(database: Database) -> None:
    device, gateway = await enrolled(database)
    await refused(database, gateway, [device.intent(environment=Environment.real)])


async def test_of_the_same_batch_many_times_at_once_one_is_kept(database: Database) -> None:
    device, gateway = await enrolled(database)
    for made in (mixed(device, 60), mixed(device, 60)):  # an epoch's first, and one more
        taken = await asyncio.gather(*(kept(database, gateway, made) for _ in range(8)))
        assert sorted(taken) == [False] * 7 + [True]
    assert len((await everything(database))["parcels"]) == 120
