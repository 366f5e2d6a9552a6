"""The gateway's database and identity files: durable, moved aside when damaged, unavailable when the disk refuses."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beacon_gateway.donations.ports import KeyReused, StoreUnavailable
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import SchemaTooNew, open_database
from beacon_gateway.store.identity import open_identity
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.sync_log import last_lines
from sync_contract.money import Money
from sync_contract.records import (
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    ParcelReceipt,
    Receipt,
)
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import decode

CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)


def intent(amount: int = 3000) -> Intent:
    return Intent(new_id(), Environment.drill, "elder-lunch", Money(amount), None, Door.touch, HandoffKind.ticket, 0)


async def test_an_intent_and_its_parcel_survive_the_process(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        recorded = await Intents(database).record(intent(), key="k1", url="HTTP://X/T/A", clock=CLOCK)
    async with open_database(tmp_path / "gateway.db") as database:
        (waiting,) = await Outbox(database).waiting(parcels=10, size=10_000)
        parcel = decode(Parcel, waiting.text)
        assert parcel.id == recorded.intent.id
        assert isinstance(parcel.body, IntentRegistered)
        assert (parcel.n, parcel.clock, parcel.body.amount_minor) == (1, CLOCK, 3000)
        assert list(await Intents(database).unsettled()) == [recorded.intent.id]


async def test_a_repeated_key_returns_the_same_intent_and_refuses_another_amount(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        first = await Intents(database).record(intent(), key="k1", url="A", clock=CLOCK)
        again = await Intents(database).record(intent(), key="k1", url="B", clock=CLOCK)
        assert again == first
        with pytest.raises(KeyReused):
            await Intents(database).record(intent(5000), key="k1", url="C", clock=CLOCK)
        assert len(await Outbox(database).waiting(parcels=10, size=10_000)) == 1


async def test_a_receipt_settles_its_parcel_once_and_is_logged(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        outbox = Outbox(database)
        ids = [
            (await Intents(database).record(intent(), key=f"k{n}", url="A", clock=CLOCK)).intent.id for n in range(3)
        ]
        receipts = [
            ParcelReceipt(id=ids[0], receipt=Receipt.accepted),
            ParcelReceipt(id=ids[1], receipt=Receipt.refused, reason="unknown_project"),
        ]
        await outbox.settle(receipts)
        await outbox.settle(receipts)
        assert await outbox.counts() == {"delivered": 1, "refused": 1, "waiting": 1}
        lines = await last_lines(database, 10)
        assert [(line.event, line.kind, line.detail) for line in lines] == [
            ("accepted", "intent", ""),
            ("refused", "intent", "unknown_project"),
        ]


async def test_a_damaged_parcel_is_stored_but_never_sent(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        await Intents(database).record(intent(), key="k1", url="A", clock=CLOCK)
        good = await Intents(database).record(intent(), key="k2", url="A", clock=CLOCK)
    with sqlite3.connect(tmp_path / "gateway.db") as file:
        file.execute("UPDATE outbox SET parcel = replace(parcel, '3000', '9000') WHERE n = 1")
    file.close()
    async with open_database(tmp_path / "gateway.db") as database:
        sent = await Outbox(database).waiting(parcels=10, size=10_000)
        assert [parcel.id for parcel in sent] == [good.intent.id]
        assert (await Outbox(database).counts())["damaged"] == 1


async def test_a_damaged_intent_is_not_read(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        await Intents(database).record(intent(), key="k1", url="A", clock=CLOCK)
    with sqlite3.connect(tmp_path / "gateway.db") as file:
        file.execute("UPDATE intents SET amount_minor = 9000")
    file.close()
    async with open_database(tmp_path / "gateway.db") as database:
        assert await Intents(database).unsettled() == {}


@pytest.mark.parametrize("damage", ["text", "empty-header", "middle", "directory"])
async def test_a_damaged_file_is_moved_aside_and_replaced(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "gateway.db"
    async with open_database(path) as database:
        for n in range(50):
            await Intents(database).record(intent(), key=f"k{n}", url="A" * 400, clock=CLOCK)
        (old,) = await database.rows("SELECT epoch FROM origin")
    content = bytearray(path.read_bytes())
    match damage:
        case "text":
            path.write_text("this is not a database")
        case "empty-header":
            path.write_bytes(bytes(100) + content[100:])
        case "middle":
            path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
        case "directory":
            path.unlink()
            path.mkdir()
    async with open_database(path) as database:
        (new,) = await database.rows("SELECT epoch FROM origin")
        assert new["epoch"] != old["epoch"]
        await Intents(database).record(intent(), key="k1", url="A", clock=CLOCK)
    assert len(list(tmp_path.glob("gateway.db.damaged-*"))) >= 1


async def test_a_newer_schema_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.db") as file:
        file.execute("PRAGMA user_version = 999")
    file.close()
    with pytest.raises(SchemaTooNew):
        async with open_database(tmp_path / "gateway.db"):
            pass
    assert not list(tmp_path.glob("*.damaged-*"))


async def test_a_full_disk_raises_and_records_nothing_in_part(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        intents = Intents(database)
        await intents.record(intent(), key="k0", url="A", clock=CLOCK)
        async with database.transaction() as connection:
            ((pages,),) = await connection.execute_fetchall("PRAGMA page_count")
        await database.rows(f"PRAGMA max_page_count = {pages}")  # the card is full

        async def fill() -> None:
            for n in range(1, 200):
                await intents.record(intent(), key=f"k{n}", url="A" * 500, clock=CLOCK)

        with pytest.raises(StoreUnavailable):
            await fill()
        await database.rows("PRAGMA max_page_count = 100000")
        rows = await database.rows("SELECT (SELECT count(*) FROM intents) = (SELECT count(*) FROM outbox) AS same")
        assert rows[0]["same"] == 1
        await intents.record(intent(), key="after", url="A", clock=CLOCK)


def test_the_identity_is_created_once_and_is_private(tmp_path: Path) -> None:
    first = open_identity(tmp_path / "identity.json")
    again = open_identity(tmp_path / "identity.json")
    assert (first.gateway, first.key.private_bytes_raw()) == (again.gateway, again.key.private_bytes_raw())
    assert (tmp_path / "identity.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "{}", '{"gateway": "zz", "key": ""}', "[]"])
def test_a_damaged_identity_is_moved_aside_and_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "identity.json").write_text(content)
    created = open_identity(tmp_path / "identity.json")
    assert open_identity(tmp_path / "identity.json").gateway == created.gateway
    (aside,) = tmp_path.glob("identity.json.damaged-*")
    assert aside.read_text() == content


async def test_sequence_numbers_have_no_gaps_and_every_parcel_reads_back(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        for n in range(20):
            await Intents(database).record(intent(), key=f"k{n}", url="A", clock=CLOCK)
        rows = await database.rows("SELECT parcel FROM outbox ORDER BY n")
        parcels = [decode(Parcel, row["parcel"]) for row in rows]
    assert [parcel.n for parcel in parcels] == list(range(1, 21))
    assert len({parcel.epoch for parcel in parcels}) == 1
