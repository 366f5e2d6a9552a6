"""The gateway's database and identity files: durable, unavailable when the disk refuses."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from beacon_gateway.donations.ports import KeyReused, StoreFault, StoreUnavailable
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import open_identity
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.ledger_heads import LedgerHeads
from beacon_gateway.store.outbox import MAX_WAITING_INTENTS, Outbox
from beacon_gateway.store.sync_log import last_lines
from beacon_gateway.store.tables import Tables
from beacon_gateway.store.trusted_time import TrustedTime
from sync_contract.beacon_identity import BeaconId
from sync_contract.ledger_heads import Heads
from sync_contract.money import Money
from sync_contract.records import (
    BeaconStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    Parcel,
    ParcelReceipt,
    PlaceBeaconStatistics,
    Receipt,
    ScreenStatistics,
)
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import decode

CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)


PLACE = PlaceBeaconStatistics(
    beacon=BeaconId(uuid4(), 1, 1),
    frames=3000,
    frames_without_rssi=0,
    frames_suspect=0,
    expected_frames=3000,
    heard_of_expected=2900,
    longest_gap_ms=900,
    gap_histogram=(300,) * 9,
    rssi_min=-90,
    rssi_max=-50,
    rssi_sum=-210_000,
    rssi_histogram=(100,) * 16,
)


class Usage(NamedTuple):
    free: int


def intent(amount: int = 3000) -> Intent:
    return Intent(new_id(), Environment.drill, "elder-lunch", Money(amount), None, Door.touch, HandoffKind.ticket, 0)


async def test_an_intent_and_its_parcel_survive_the_process(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        recorded = await Intents(database).record(intent(), key="k1", clock=CLOCK)
    async with open_database(tmp_path / "gateway.db") as database:
        (waiting,) = await Outbox(database).waiting(parcels=10, size=10_000)
        parcel = decode(Parcel, waiting.text)
        assert parcel.id == recorded.intent.id
        assert isinstance(parcel.body, IntentRegistered)
        assert (parcel.n, parcel.clock, parcel.body.amount_minor) == (1, CLOCK, 3000)
        assert list(await Intents(database).unsettled()) == [recorded.intent.id]


async def test_a_repeated_key_returns_the_same_intent_and_refuses_another_amount(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        first = await Intents(database).record(intent(), key="k1", clock=CLOCK)
        again = await Intents(database).record(intent(), key="k1", clock=CLOCK)
        assert again == first
        with pytest.raises(KeyReused):
            await Intents(database).record(intent(5000), key="k1", clock=CLOCK)
        assert len(await Outbox(database).waiting(parcels=10, size=10_000)) == 1


async def test_a_receipt_settles_its_parcel_once_and_is_logged(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        outbox = Outbox(database)
        ids = [(await Intents(database).record(intent(), key=f"k{n}", clock=CLOCK)).intent.id for n in range(3)]
        sent = await outbox.waiting(parcels=10, size=10_000)
        receipts = [
            ParcelReceipt(id=ids[0], receipt=Receipt.accepted),
            ParcelReceipt(id=ids[1], receipt=Receipt.refused, reason="unknown_project"),
            ParcelReceipt(id=ids[1], receipt=Receipt.accepted),
            ParcelReceipt(id="f" * 32, receipt=Receipt.accepted),
        ]
        await outbox.settle(sent, receipts)
        await outbox.settle(sent, receipts)
        assert await outbox.counts() == {"waiting": 1, "refused": 1, "damaged": 0}
        lines = await last_lines(database, 10)
        assert [(line.event, line.kind, line.detail) for line in lines] == [
            ("accepted", "intent", ""),
            ("refused", "intent", "unknown_project"),
        ]


async def test_a_full_disk_raises_and_records_nothing_in_part(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        intents = Intents(database)
        await intents.record(intent(), key="k0", clock=CLOCK)
        ((pages,),) = await database.read(lambda tables: list(tables.execute("PRAGMA page_count")))
        # The card is full.
        await database.read(lambda tables: tables.execute(f"PRAGMA max_page_count = {pages}"))

        async def fill() -> None:
            for n in range(1, 200):
                await intents.record(intent(), key=f"k{n}", clock=CLOCK)

        with pytest.raises(StoreUnavailable):
            await fill()
        assert database.fault() is StoreFault.disk_refuses
        await database.read(lambda tables: tables.execute("PRAGMA max_page_count = 100000"))
        gifts, parcels = await database.read(
            lambda tables: [{row["id"] for row in tables.select(table)} for table in ("intents", "outbox")]
        )
        assert gifts == parcels
        await intents.record(intent(), key="after", clock=CLOCK)
        assert database.fault() is None


async def test_too_little_space_and_too_many_waiting_gifts_are_refused_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        intents, outbox = Intents(database), Outbox(database)
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda folder: Usage(free=49_000_000))
            with pytest.raises(StoreUnavailable) as refused:
                await intents.record(intent(), key="k0", clock=CLOCK)
            assert (refused.value.fault, database.fault()) == (StoreFault.disk_full, StoreFault.disk_full)

        def fill(tables: Tables) -> None:
            for n in range(1, MAX_WAITING_INTENTS + 1):
                tables.put("outbox", (1 << 40) + n, n.to_bytes(16, "big"), "intent", "{}")

        await database.write(fill)
        with pytest.raises(StoreUnavailable) as refused:
            await intents.record(intent(), key="k1", clock=CLOCK)
        assert (refused.value.fault, database.fault()) == (StoreFault.backlog_full, StoreFault.backlog_full)
        sent = await outbox.waiting(parcels=2, size=10_000)
        await outbox.settle(sent[:1], [ParcelReceipt(id=sent[0].id, receipt=Receipt.accepted)])
        await intents.record(intent(), key="k1", clock=CLOCK)
        assert database.fault() is None


async def test_two_pages_of_the_log_are_written_for_a_gift(tmp_path: Path) -> None:
    """At most 1.5 times what one row with a rowid and a UNIQUE id writes."""
    plain = sqlite3.connect(tmp_path / "plain.db", isolation_level=None)
    for statement in ("journal_mode=WAL", "synchronous=OFF", "wal_autocheckpoint=0"):
        plain.execute(f"PRAGMA {statement}")
    plain.execute("CREATE TABLE intents (id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, parcel TEXT NOT NULL)")
    async with open_database(tmp_path / "gateway.db") as database:
        await database.read(lambda tables: tables.execute("PRAGMA synchronous=OFF"))
        await database.read(lambda tables: tables.execute("PRAGMA wal_autocheckpoint=0"))
        await Intents(database).record(intent(), key="first", clock=CLOCK)
        (parcel,) = await Outbox(database).waiting(parcels=1, size=1)
        start = wal_size(tmp_path / "gateway.db"), wal_size(tmp_path / "plain.db")
        for n in range(300):
            await Intents(database).record(intent(), key=f"k{n}", clock=CLOCK)
            plain.execute("INSERT INTO intents VALUES (?, ?, ?)", (uuid4().hex, f"k{n}", parcel.text))
        ours, theirs = (wal_size(tmp_path / name) for name in ("gateway.db", "plain.db"))
    plain.close()
    assert (ours - start[0]) / (theirs - start[1]) <= 1.5


async def test_an_idle_hour_with_a_server_writes_little(tmp_path: Path) -> None:
    """Two statistics records in five minutes, their receipts, the trusted time, and a ledger answer every 30 s."""
    figures = BeaconStatistics(
        start=CLOCK, seconds=300, foreign_frames=9, places=(PLACE,) * 20, classes=(), advertised=()
    )
    async with open_database(tmp_path / "gateway.db") as database:
        outbox, heads = Outbox(database), LedgerHeads(database)
        time = TrustedTime(None, wall=lambda: datetime.now(UTC), synchronised=lambda: True, believe_always=False)
        before = bytes_written()
        for minute in range(60):
            if minute % 5 == 0:
                await outbox.put_statistics(CLOCK, [figures, ScreenStatistics(start=CLOCK, seconds=300, counts=())])
                sent = await outbox.waiting(parcels=10, size=10**6)
                await outbox.settle(sent, [ParcelReceipt(id=each.id, receipt=Receipt.accepted) for each in sent])
            if minute % 10 == 0:
                await time.store(database)
            for _ in range(2):
                await heads.store_status(Heads(community="huada", heads=()))
    assert bytes_written() - before <= 1_200_000


def bytes_written() -> int:
    """Return the bytes that this process has handed to write()."""
    (line,) = [line for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("wchar")]
    return int(line.split()[1])


def wal_size(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


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
            await Intents(database).record(intent(), key=f"k{n}", clock=CLOCK)
        parcels = [decode(Parcel, parcel.text) for parcel in await Outbox(database).waiting(parcels=20, size=10**5)]
    assert [parcel.n for parcel in parcels] == list(range(1, 21))
    assert len({parcel.epoch for parcel in parcels}) == 1
