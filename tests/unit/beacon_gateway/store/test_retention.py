"""Intents leave the device when they are delivered, settled and old."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from beacon_gateway.donations.ports import GiftState
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.retention import SETTLED_FOR, UNSETTLED_FOR, forget_hourly, forget_old
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentState, ParcelReceipt, Receipt
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD, ANCIENT = NOW - SETTLED_FOR - timedelta(days=1), NOW - UNSETTLED_FOR - timedelta(days=1)


async def test_an_intent_is_deleted_when_it_is_delivered_settled_and_old(tmp_path: Path) -> None:
    async with open_database(tmp_path / "gateway.db") as database:
        log, outbox = Intents(database), Outbox(database)

        async def recorded(at: datetime, state: IntentState | None, handoff: HandoffKind = HandoffKind.ticket) -> str:
            intent = Intent(new_id(), Environment.drill, "lunch", Money(100), None, Door.touch, handoff, 1)
            await log.record(
                intent, key=intent.id, clock=ClockReading(wall=at, boot="0" * 32, monotonic_ns=5, trusted=True)
            )
            if state is not None:
                await log.settle(intent.id, GiftState(state, "1234-5678"), cause="test")
            return intent.id

        gone = [
            await recorded(OLD, IntentState.paid),
            await recorded(OLD, IntentState.closed),
            await recorded(OLD, None, HandoffKind.link),
            await recorded(ANCIENT, None),
        ]
        stays = [
            await recorded(OLD, None),
            await recorded(OLD, IntentState.handed_off),
            await recorded(NOW - SETTLED_FOR + timedelta(days=1), IntentState.paid),
        ]
        sent = await outbox.waiting(parcels=100, size=10**6)
        await outbox.settle(sent, [ParcelReceipt(id=each.id, receipt=Receipt.accepted, reason="") for each in sent])
        stays.append(await recorded(ANCIENT, IntentState.paid))  # not delivered
        await database.write(lambda tables: forget_old(tables, NOW))
        assert [await log.find(each) for each in gone] == [None] * len(gone)
        assert None not in [await log.find(each) for each in stays]
        states = await database.read(lambda tables: {row["intent"].hex() for row in tables.select("intent_states")})
        assert states == {stays[1], stays[2], stays[3]}


async def test_nothing_is_deleted_while_the_time_is_uncertain(tmp_path: Path) -> None:
    """A clock that is a year ahead would make an intent old that a donor is paying."""
    async with open_database(tmp_path / "gateway.db") as database:
        log, outbox = Intents(database), Outbox(database)
        intent = Intent(new_id(), Environment.drill, "lunch", Money(100), None, Door.touch, HandoffKind.ticket, 1)
        clock = ClockReading(wall=ANCIENT, boot="0" * 32, monotonic_ns=5, trusted=False)
        await log.record(intent, key=intent.id, clock=clock)
        (sent,) = await outbox.waiting(parcels=1, size=10**6)
        await outbox.settle([sent], [ParcelReceipt(id=sent.id, receipt=Receipt.accepted, reason="")])
        for now, remains in ((None, True), (NOW, False)):
            job = asyncio.create_task(forget_hourly(database, partial(_first, [now]), check_s=0))
            with pytest.raises(Asked):
                await job
            assert (await log.find(intent.id) is not None) is remains


class Asked(Exception):
    """Ends the job when it reads the time again."""


def _first(times: list[datetime | None]) -> datetime | None:
    if not times:
        raise Asked
    return times.pop()
