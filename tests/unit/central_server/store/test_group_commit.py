"""Deliveries that come at the same time share SQLite's transactions, and nothing else."""

import asyncio
import struct
from pathlib import Path

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreUnavailable
from central_server.store.places import places
from tests.databases import sqlite_only
from tests.unit.central_server.parcels.test_receive import AT, delivered, enrolled, everything, mixed

GATEWAYS = 20


def commits(path: Path) -> int:
    """So many frames of the write-ahead log end a transaction (https://sqlite.org/fileformat2.html#the_wal_file)."""
    content = Path(f"{path}-wal").read_bytes()
    page = struct.unpack_from(">I", content, 8)[0]
    salt = content[16:24]
    frames = range(32, len(content) - 24 - page + 1, 24 + page)
    return sum(content[at + 8 : at + 16] == salt and content[at + 4 : at + 8] != bytes(4) for at in frames)


@sqlite_only
async def test_many_that_wait_are_few_transactions_and_each_is_whole(database: Database) -> None:
    path = Path(database.place)
    senders = [await enrolled(database) for _ in range(GATEWAYS)]
    made = [mixed(device, 30) for device, _ in senders]
    before = commits(path)
    arriving = (delivered(database, gateway, some) for (_, gateway), some in zip(senders, made, strict=True))
    assert await asyncio.gather(*arriving) == [["accepted"] * 30] * GATEWAYS
    assert commits(path) - before == 3, "eight, eight and four"
    found = await everything(database)
    assert {row["id"] for row in found["parcels"]} == {parcel.id for some in made for parcel in some}
    assert len(found["parcels"]) == 30 * GATEWAYS
    assert len(found["intents"]) == 20 * GATEWAYS
    assert len(found["batches"]) == len(found["sequences"]) == GATEWAYS


async def test_a_work_that_fails_takes_no_other_with_it(database: Database) -> None:
    senders = [await enrolled(database) for _ in range(3)]

    async def fail(connection: Connection) -> None:
        await places.plant_community(connection, "lost", AT)
        raise ZeroDivisionError

    deliveries = [delivered(database, gateway, mixed(device, 6)) for device, gateway in senders]
    answers = await asyncio.gather(deliveries[0], database.grouped(fail), *deliveries[1:], return_exceptions=True)
    assert [type(answer) for answer in answers] == [list, ZeroDivisionError, list, list]
    assert len((await everything(database))["parcels"]) == 18
    async with database.read() as connection:
        assert await places.get(connection, "lost") is None


@sqlite_only
async def test_who_leaves_while_waiting_leaves_nothing_and_the_others_stay(database: Database) -> None:
    senders = [await enrolled(database) for _ in range(3)]
    made = [mixed(device, 6) for device, _ in senders]
    async with database.write():  # what holds the turn
        tasks = [
            asyncio.create_task(delivered(database, gateway, some))
            for (_, gateway), some in zip(senders, made, strict=True)
        ]
        while len(database._group._waiting) < 3:
            await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.wait({tasks[0]})
    assert await asyncio.gather(*tasks[1:]) == [["accepted"] * 6] * 2
    assert {row["gateway"] for row in (await everything(database))["parcels"]} == {each.id for _, each in senders[1:]}


@sqlite_only
async def test_a_full_disk_keeps_none_and_tells_each(database: Database) -> None:
    senders = [await enrolled(database) for _ in range(4)]
    made = [mixed(device) for device, _ in senders]

    async def all_at_once() -> list[object]:
        arriving = [delivered(database, gateway, some) for (_, gateway), some in zip(senders, made, strict=True)]
        return list(await asyncio.gather(*arriving, return_exceptions=True))

    await most_pages(database, 1)
    assert [type(each) for each in await all_at_once()] == [StoreUnavailable] * 4
    await most_pages(database, 1_000_000)
    assert (await everything(database))["parcels"] == []
    assert await all_at_once() == [["accepted"] * 120] * 4


async def most_pages(database: Database, count: int) -> None:
    async with database.write() as connection:
        await connection.driver(f"PRAGMA max_page_count = {count}", ())
