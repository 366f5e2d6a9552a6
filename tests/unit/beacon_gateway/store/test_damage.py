"""A damaged store: the gateway starts, takes gifts, and delivers every intact parcel."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from beacon_gateway.donations.ports import GiftState
from beacon_gateway.store.copies import list_copies, write_copy
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.sync_state import sync_state
from sync_contract.records import IntentRegistered, IntentState, Parcel
from sync_contract.wire_record import decode
from tests.unit.beacon_gateway.store.damage import (
    CLOCK,
    PAGE,
    STORE,
    Image,
    deliver_all,
    flip_a_bit,
    lay_out,
    new_intent,
    zero_a_page,
)


@pytest.mark.parametrize(("stopped", "flips"), [(False, 10), (True, 40)], ids=["killed", "stopped"])
async def test_after_a_flipped_bit_every_intact_parcel_is_delivered(
    tmp_path: Path, *, stopped: bool, flips: int
) -> None:
    image = (await lay_out(tmp_path / "whole", gifts=12))[stopped]
    for seed in range(flips):
        damage = flip_a_bit(image, tmp_path / "state", random.Random(seed))
        delivered = set(await deliver_all(tmp_path / "state"))
        assert image.waiting - delivered <= image.touched(damage), (seed, damage)
        assert len(image.waiting - delivered) <= 1


async def test_after_a_zeroed_page_every_intact_parcel_is_delivered(tmp_path: Path) -> None:
    _, image = await lay_out(tmp_path / "whole", gifts=12)
    for seed in range(10):
        damage = zero_a_page(image, tmp_path / "state", random.Random(seed))
        delivered = set(await deliver_all(tmp_path / "state"))
        assert image.waiting - delivered <= image.touched(damage), (seed, damage)


def write_text(path: Path) -> None:
    path.write_text("this is not a database")


def zero_the_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def cut_in_the_middle(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: PAGE * 3 + 100])


@pytest.mark.parametrize("ruin", [write_text, zero_the_header, replace_by_a_folder, cut_in_the_middle, Path.unlink])
async def test_a_copy_restores_what_the_damaged_file_has_lost(tmp_path: Path, ruin: Callable[[Path], None]) -> None:
    path = tmp_path / STORE
    _, image = await lay_out(tmp_path / "whole", gifts=12)
    image.restore(tmp_path)
    assert write_copy(path) == ""
    async with open_database(path) as database:
        epoch = await Outbox(database).epoch()
        unsettled = await Intents(database).unsettled()
    ruin(path)
    async with open_database(path) as database:
        assert await Outbox(database).epoch() != epoch
        assert await Intents(database).unsettled() == unsettled
        repair = (await sync_state(database, "")).repair
        assert repair is not None
        assert (repair.rescued, repair.missing) == (len(image.waiting), 0)
    assert set(await deliver_all(tmp_path)) == image.waiting
    assert any(tmp_path.glob("*.damaged-*")) is (ruin is not Path.unlink)


async def test_lost_parcels_are_counted_for_staff(tmp_path: Path) -> None:
    path = tmp_path / STORE
    async with open_database(path) as database:
        for number in range(40):
            await Intents(database).record(new_intent(), key=f"key {number}", clock=CLOCK)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE outbox SET parcel = replace(parcel, '3000', '9000') WHERE place & 1023 IN (7, 8)")
    async with open_database(path) as database:
        outbox = Outbox(database)
        assert await outbox.counts() == {"waiting": 38, "refused": 0, "damaged": 2}
        parcels = [decode(Parcel, each.text) for each in await outbox.waiting(parcels=99, size=10**6)]
        bodies = [parcel.body for parcel in parcels]
        assert {body.amount_minor for body in bodies if isinstance(body, IntentRegistered)} == {3000}
        assert {parcel.n for parcel in parcels} == set(range(1, 41)) - {7, 8}


async def test_damage_while_the_store_is_open_delays_no_other_parcel_and_asks_for_a_repair(tmp_path: Path) -> None:
    path = tmp_path / STORE
    async with open_database(path) as database:
        gifts = [
            (await Intents(database).record(new_intent(), key=f"key {number}", clock=CLOCK)).intent.id
            for number in range(3)
        ]
        await Intents(database).settle(gifts[0], GiftState(IntentState.paid, "7F3A-K8YZ"), cause="test")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(
                "UPDATE outbox SET parcel = CAST(x'ff' AS TEXT) WHERE id = ?", (bytes.fromhex(gifts[1]),)
            )
            connection.execute("UPDATE intent_states SET state = CAST(x'ff' AS TEXT)")
        assert not database.damaged.is_set()
        waiting = await Outbox(database).waiting(parcels=10, size=10_000)
        assert [parcel.id for parcel in waiting] == [gifts[0], gifts[2]]
        assert set(await Intents(database).unsettled()) == set(gifts), "the damaged state counts as none"
        assert database.damaged.is_set()
        assert database.fault() is not None
    async with open_database(path) as database:
        assert not database.damaged.is_set()
        assert (await Outbox(database).counts())["waiting"] == 2


async def test_the_last_transaction_of_a_damaged_wal_is_rescued(tmp_path: Path) -> None:
    path, state = tmp_path / STORE, tmp_path / "state"
    async with open_database(path) as database:
        for number in range(5):
            await Intents(database).record(new_intent(), key=f"key {number}", clock=CLOCK)
        wal = bytearray(path.with_name(f"{STORE}-wal").read_bytes())
        parcel = (await Outbox(database).waiting(parcels=9, size=10_000))[-1].text
        wal[-1] ^= 1  # in the last page, which contains every row; no row ends there
        Image({STORE: path.read_bytes(), f"{STORE}-wal": bytes(wal)}, frozenset([parcel])).restore(state)
    assert parcel in await deliver_all(state)
    assert not list(state.glob("*.damaged-*")), "a power cut also tears the last transaction"


async def test_two_copies_remain_and_a_killed_repair_is_completed(tmp_path: Path) -> None:
    path = tmp_path / STORE
    _, image = await lay_out(tmp_path / "whole", gifts=20)
    image.restore(tmp_path / "state")
    path = tmp_path / "state" / STORE
    for _ in range(3):
        assert write_copy(path) == ""
    assert [copy.name for copy in list_copies(path)] == [f"{STORE}.copy-3", f"{STORE}.copy-2"]
    list_copies(path)[0].rename(path.with_name(f"{STORE}.new"))
    path.write_text("the damaged one is not yet set aside")
    assert set(await deliver_all(tmp_path / "state")) == image.waiting
    aside = next(file for file in path.parent.glob("*.damaged-*") if not file.name.endswith(("-wal", "-shm")))
    assert aside.read_text() == "the damaged one is not yet set aside"
