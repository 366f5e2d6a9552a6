"""Totals of the day show whole groups of five gifts only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from beacon_gateway.donations.ports import GiftState
from beacon_gateway.model.donations import Intent
from beacon_gateway.model.gateway_facts import DayTotal
from beacon_gateway.store.database import open_database
from beacon_gateway.store.day_total import read_day_total
from beacon_gateway.store.intents import Intents
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentState
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id

DRILL = Environment.drill


async def test_a_total_shows_gifts_in_groups_of_five_that_never_change(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    clock = ClockReading(wall=now, boot="0" * 32, monotonic_ns=5, trusted=True)
    async with open_database(tmp_path / "gateway.db") as database:
        log = Intents(database)

        async def give(fen: int, state: IntentState, environment: Environment = DRILL) -> str:
            intent = Intent(new_id(), environment, "lunch", Money(fen), None, Door.touch, HandoffKind.ticket, 1)
            await log.record(intent, key=intent.id, clock=clock)
            await log.settle(intent.id, GiftState(state, "1234-5678"), cause="test")
            return intent.id

        waiting = await give(10_000_000, IntentState.handed_off)
        await give(10_000_000, IntentState.paid, Environment.real)
        shown = []
        for number in range(1, 12):
            paid = await give(100 * number, IntentState.paid)
            await log.settle(paid, GiftState(IntentState.paid, "8765-4321"), cause="a later answer")
            shown.append(await read_day_total(database, DRILL, now))
        assert shown == [DayTotal()] * 4 + [DayTotal(5, 1500)] * 5 + [DayTotal(10, 5500)] * 2
        await log.settle(waiting, GiftState(IntentState.paid, "1111-1111"), cause="test")
        assert await read_day_total(database, DRILL, now) == DayTotal(10, 5500), "a late one joins the end"
        assert await read_day_total(database, DRILL, now + timedelta(days=1)) == DayTotal()
