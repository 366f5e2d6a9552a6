"""Estimate different visitors without storing them, with a salt that processes share in memory only."""

import asyncio
import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central_server import jobs
from central_server.statistics.hyperloglog import REGISTERS, cell, estimate
from central_server.statistics.salts import AHEAD, PATIENCE, Salts
from central_server.statistics.visitors import VisitCounter
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.engine.tables import salt_offers, visitor_registers
from central_server.store.places import places
from central_server.store.statistics import visitors as store
from tests.unit.central_server.statistics_world import visit

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
"""In Beijing."""
SALT = b"s" * 32


def sketch(visitors: range, salt: bytes = SALT) -> dict[int, int]:
    found: dict[int, int] = {}
    for visitor in visitors:
        register, rank = cell(salt, str(visitor).encode())
        found[register] = max(found.get(register, 0), rank)
    return found


@pytest.mark.parametrize("visitors", [0, 1, 3, 20, 300, 4_000, 12_000, 60_000])
def test_the_estimate_is_as_precise_as_published(visitors: int) -> None:
    """Four salts together: their mean is off by less than 3 standard errors, a single one by less than 5."""
    error = 1.04 / math.sqrt(REGISTERS)
    off = [
        (estimate(Counter(sketch(range(visitors), bytes([salt]) * 32).values())) - visitors) / max(1, visitors)
        for salt in range(1, 5)
    ]
    assert all(abs(each) < 5 * error for each in off), off
    assert abs(sum(off) / 4) < 3 * error / 2, off


def test_sketches_merge_in_any_order_and_count_each_visitor_once() -> None:
    parts = [sketch(range(0, 3000)), sketch(range(2000, 5000)), sketch(range(0, 5000, 7))]
    whole = sketch(range(5000))
    for _ in range(3):
        random.shuffle(parts)
        merged: dict[int, int] = {}
        for part in parts:
            for register, rank in part.items():
                merged[register] = max(merged.get(register, 0), rank)
        assert merged == whole


def test_another_salt_yields_another_sketch() -> None:
    one, other = sketch(range(200)), sketch(range(200), b"t" * 32)
    assert len(one.items() & other.items()) < 20


async def test_a_repeated_visitor_counts_once_and_cannot_be_identified(database: Database) -> None:
    salts = Salts()
    counter = VisitCounter(salts)
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOON)
        await counter.count(connection, visit(NOON), b"not estimated without a salt")
    await salts.refresh(database, NOON)
    async with database.write() as connection:
        for number in range(40):
            await counter.count(connection, visit(NOON), str(number % 10).encode())
    table = visitor_registers.c
    async with database.read() as connection:
        found = (await connection.execute(select(table.register, table.rank))).all()
    # Salts are chance, and two of the ten may share a register.
    assert 8 <= estimate(Counter(row.rank for row in found)) <= 10


async def test_every_process_has_the_same_salt_and_forgets_it_at_midnight(database: Database) -> None:
    processes = [Salts() for _ in range(3)]
    for turn in range(3):
        for salts in processes:
            await salts.refresh(database, NOON + timedelta(seconds=5 * turn))
    shared = {salts.at(NOON) for salts in processes}
    assert len(shared) == 1
    assert None not in shared
    midnight = datetime(2026, 11, 24, 16, tzinfo=UTC)
    for turn in range(3):
        for salts in processes:
            await salts.refresh(database, midnight - AHEAD + timedelta(seconds=5 * turn + 1))
    tomorrow = {salts.at(midnight) for salts in processes}
    assert len(tomorrow) == 1
    assert tomorrow.isdisjoint(shared)
    assert None not in tomorrow
    for salts in processes:
        await salts.refresh(database, midnight)
    assert {salts.at(NOON) for salts in processes} == {None}


async def test_offers_of_past_days_are_deleted(database: Database) -> None:
    await Salts().refresh(database, NOON)
    await Salts().refresh(database, NOON + timedelta(days=3))
    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(salt_offers))).scalar_one() == 1


async def test_a_process_without_an_answer_makes_its_own_salt(database: Database) -> None:
    await Salts().refresh(database, NOON)  # it dies at once
    after = [Salts(), Salts()]
    for turn in range(10):
        for salts in after:
            await salts.refresh(database, NOON + timedelta(seconds=5 * turn))
        if 5 * turn < PATIENCE.total_seconds():
            assert after[0].at(NOON) is None
    assert after[0].at(NOON) == after[1].at(NOON) is not None


async def test_processes_that_begin_together_agree(database: Database) -> None:
    processes = [Salts() for _ in range(4)]
    for turn in range(4):
        async with asyncio.TaskGroup() as group:
            for salts in processes:
                group.create_task(salts.refresh(database, NOON + timedelta(seconds=5 * turn)))
    assert len({salts.at(NOON) for salts in processes}) == 1


async def test_no_salt_and_no_visitor_is_ever_on_disk(tmp_path: Path) -> None:
    salts, visitors = [Salts(), Salts()], b"198.51.100.7 Mozilla/5.0"
    async with open_database(sqlite_url(tmp_path / "central.db")) as database:
        async with database.write() as connection:
            await places.plant_community(connection, "huada", NOON)
        for turn in range(3):
            for each in salts:
                await each.refresh(database, NOON + timedelta(seconds=turn))
        async with database.write() as connection:
            await VisitCounter(salts[1]).count(connection, visit(NOON), visitors)
        salt = salts[0].at(NOON)
        assert salt is not None
        assert salt == salts[1].at(NOON)
        on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for trace in (salt, salt.hex().encode(), visitors):
        assert trace not in on_disk


async def test_registers_are_deleted_after_25_months(database: Database) -> None:
    async with database.write() as connection:
        await places.plant_community(connection, "huada", NOON)
        for days in (0, 100, 761.9, 762.2, 763.5, 900):
            hour = NOON - timedelta(days=days)
            await store.add_register(connection, visit(hour, door="qr", kind="click"), 7, 3)
    working = asyncio.create_task(jobs.forget_visitors(database, clock=lambda: NOON))
    async with asyncio.timeout(60):
        while await oldest_register(database) < NOON - jobs.VISITORS_KEPT:
            await asyncio.sleep(0.01)
    working.cancel()
    async with database.read() as connection:
        left = (await connection.execute(select(func.count()).select_from(visitor_registers))).scalar_one()
    assert left == 3


async def oldest_register(database: Database) -> datetime:
    async with database.read() as connection:
        oldest: datetime = (await connection.execute(select(func.min(visitor_registers.c.hour)))).scalar_one()
    return oldest
