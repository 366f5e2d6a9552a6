"""A long sync log opens as fast as a short one: every way through it follows an index."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection as SyncConnection

from central_server.enrolment.gateways import register
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import arrivals, batches, sync_log
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.parcels.log_queries import LogFilter
from central_server.store.places import places
from sync_contract.project import Texts
from sync_contract.records import Receipt
from sync_contract.uuid7 import new_id
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.stored_parcels import received

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GATEWAY = "a" * 16
LINES = 2000

FILTERS = {
    "everything": LogFilter(tops=(places.TOP,)),
    "one community": LogFilter(tops=("huada",)),
    "some communities": LogFilter(tops=("huada", "fengze")),
    "many communities": LogFilter(tops=("street",)),
    "a gateway": LogFilter(tops=("huada",), gateway=GATEWAY),
    "gifts": LogFilter(tops=("huada",), kind="intent"),
    "conflicts": LogFilter(tops=("street",), result=Receipt.conflict),
    "reports that were accepted": LogFilter(tops=("huada",), kind="statistics", result=Receipt.accepted),
    "a day": LogFilter(tops=(places.TOP,), since=NOW - timedelta(days=1), until=NOW),
    "far down": LogFilter(tops=(places.TOP,), before=(NOW - timedelta(minutes=LINES // 2), LINES // 2)),
    "far down in one community": LogFilter(tops=("huada",), before=(NOW - timedelta(minutes=LINES // 2), LINES // 2)),
}


@pytest.fixture
async def long_log(database: Database) -> Database:
    async with database.write() as connection:
        names = {"zh-Hans": "街", "zh-Hant": "街", "en": "Street"}
        await places.plant(connection, _place("city", "city", places.TOP, names), NOW)
        await places.plant(connection, _place("street", "street", "city", names), NOW)
        for number in range(50):
            await places.plant(connection, _place(f"c{number}", "community", "street", names), NOW)
    await register(database, GATEWAY, "A" * 43, "huada", "大厅", NOW)
    await register(database, "b" * 16, "B" * 43, "fengze", "門口", NOW)
    made = DeliveringGateway()
    async with database.write() as connection:
        for number in range(LINES):
            sender = Gateway(GATEWAY, "huada", "") if number % 2 else Gateway("b" * 16, "fengze", "")
            rare, at = number % 100 == 0, NOW - timedelta(minutes=LINES - number)
            await batches.add(connection, sender, [made.intent() if rare else made.statistics()], at)
            result = Receipt.conflict if rare else Receipt.duplicate
            kind = "intent" if rare else "statistics"
            entry = NewArrival(sender.id, new_id(), result, "0" * 64, sender.community, kind, "", "{}")
            await arrivals.record(connection, [entry], at)
        await connection.execute(text("ANALYZE"))
    return database


def _place(id_: str, kind: str, parent: str, names: dict[str, str]) -> places.Place:
    return places.Place(id_, places.PlaceKind(kind), parent, Texts.model_validate(names))


async def test_every_way_through_the_log_follows_an_index_and_is_in_one_order(long_log: Database) -> None:
    for way, log_filter in FILTERS.items():
        if log_filter.result is None:
            assert await _look(long_log, "batches", partial(_newest_batches, log_filter=log_filter), way)
        if log_filter.result is not Receipt.accepted:
            plan = await _look(long_log, "arrivals", partial(_newest_arrivals, log_filter=log_filter), way)
            rare = way in ("gifts", "conflicts") and long_log.dsn == ""
            assert "ix_arrivals_rare_" in plan or not rare, f"{way}: {plan}"
    await _is_in_one_order(long_log)


async def _newest_batches(connection: Connection, log_filter: LogFilter) -> None:
    await batches.newest(connection, log_filter, sync_log.PAGE + 1, log_filter.before)


async def _newest_arrivals(connection: Connection, log_filter: LogFilter) -> None:
    await arrivals.newest(connection, log_filter, sync_log.PAGE + 1, log_filter.before)


async def _look(database: Database, table: str, ask: Callable[[Connection], Any], way: str) -> str:
    async with database.read() as connection:
        plan = await _plan(connection, table, partial(ask, connection))
    assert f"ix_{table}_" in plan, f"{way}: {plan}"
    assert f"SCAN {table}\n" not in plan, f"{way}: {plan}"
    assert f"Seq Scan on {table}" not in plan, f"{way}: {plan}"
    # Of some communities the newest lines of each are put in order; nowhere else more than a page is.
    assert "TEMP B-TREE" not in plan or way == "some communities", f"{way}: {plan}"
    return plan


async def _is_in_one_order(long_log: Database) -> None:
    async with long_log.read() as connection:
        everything = await sync_log.page(connection, LogFilter(tops=(places.TOP,)), 200)
        two = await sync_log.page(connection, LogFilter(tops=("huada", "fengze")), 200)
        street = await sync_log.page(connection, LogFilter(tops=("street",)), 200)
        own = await sync_log.page(connection, LogFilter(tops=("fengze",), gateway=GATEWAY), 200)
        nobody = await sync_log.page(connection, LogFilter(tops=()), 200)
    assert everything == two == tuple(sorted(everything, key=lambda line: (line.last_at, line.seq), reverse=True))
    assert len(everything) == 200
    assert {line.result for line in everything} == {Receipt.accepted, Receipt.duplicate, Receipt.conflict}
    assert street == own == nobody == ()


async def test_pages_that_follow_each_other_are_the_whole_log(database: Database) -> None:
    """Batches of many lines, of which some came again at the same moment; a page ends anywhere."""
    await register(database, GATEWAY, "A" * 43, "huada", "大厅", NOW)
    made = DeliveringGateway()
    for number in range(6):
        some = [made.intent() if each % 3 == 0 else made.statistics() for each in range(7)]
        for _ in range(2):
            await received(database, GATEWAY, "huada", some, NOW + timedelta(minutes=number // 2))
    for narrow in (
        LogFilter(),
        LogFilter(kind="intent"),
        LogFilter(result=Receipt.accepted),
        LogFilter(tops=("huada",)),
    ):
        async with database.read() as connection:
            whole = await sync_log.page(connection, narrow, 500)
            for size in (3, 10):
                lines: list[sync_log.Arrival] = []
                while more := await sync_log.page(
                    connection, replace(narrow, before=(lines[-1].last_at, lines[-1].seq) if lines else None), size
                ):
                    assert len(more) == size or len(lines) + len(more) == len(whole)
                    lines += more
                assert tuple(lines) == whole
        of_all = {Receipt.accepted: 42, Receipt.duplicate: 42}
        counted = Counter(line.result for line in whole)
        assert counted == (
            {result: 18 for result in of_all} if narrow.kind else {Receipt.accepted: 42} if narrow.result else of_all
        )


async def _plan(connection: Connection, table: str, ask: Callable[[], Any]) -> str:
    """How the database goes about the statements that `ask` sends about the table.

    PostgreSQL plans as for an SSD: by its default it expects a disk, on which reading 2,000 rows at once is as cheap.
    """
    executed: list[tuple[str, Any]] = []

    def heard(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if f"FROM {table}" in statement:
            executed.append((statement, parameters))

    def explain(sync: SyncConnection) -> str:
        prefix = "EXPLAIN QUERY PLAN "
        if connection.dialect.name == "postgresql":
            prefix = "EXPLAIN "
            sync.exec_driver_sql("SET LOCAL random_page_cost = 1.1")
        rows = [row for statement, values in executed for row in sync.exec_driver_sql(prefix + statement, values)]
        return "\n".join(str(row[-1]) for row in rows) + "\n"

    sync = await connection.run_sync(lambda each: each)
    event.listen(sync.engine, "before_cursor_execute", heard)
    try:
        await ask()
    finally:
        event.remove(sync.engine, "before_cursor_execute", heard)
    assert executed
    return await connection.run_sync(explain)
