"""A long sync log opens as fast as a short one: every way through it follows an index."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection as SyncConnection

from central_server.enrolment.gateways import register
from central_server.store import arrivals, places
from central_server.store.arrivals import NewArrival, Wanted
from central_server.store.connection import Connection
from central_server.store.database import Database
from sync_contract.identity import new_id
from sync_contract.project import Texts
from sync_contract.records import Receipt

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GATEWAY = "a" * 16
LINES = 2000

FILTERS = {
    "everything": Wanted(tops=(places.TOP,)),
    "one community": Wanted(tops=("huada",)),
    "some communities": Wanted(tops=("huada", "fengze")),
    "many communities": Wanted(tops=("street",)),
    "a gateway": Wanted(tops=("huada",), gateway=GATEWAY),
    "gifts": Wanted(tops=("huada",), kind="intent"),
    "conflicts": Wanted(tops=("street",), result=Receipt.conflict),
    "reports that were accepted": Wanted(tops=("huada",), kind="statistics", result=Receipt.accepted),
    "a day": Wanted(tops=(places.TOP,), since=NOW - timedelta(days=1), until=NOW),
    "far down": Wanted(tops=(places.TOP,), before=(NOW - timedelta(minutes=LINES // 2), LINES // 2)),
    "far down in one community": Wanted(tops=("huada",), before=(NOW - timedelta(minutes=LINES // 2), LINES // 2)),
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
    async with database.write() as connection:
        for number in range(LINES):
            rare = number % 100 == 0
            entry = NewArrival(
                GATEWAY if number % 2 else "b" * 16,
                new_id(),
                Receipt.conflict if rare else Receipt.accepted,
                "0" * 64,
                "huada" if number % 2 else "fengze",
                "intent" if rare else "statistics",
            )
            await arrivals.record(connection, [entry], NOW - timedelta(minutes=LINES - number))
        await connection.execute(text("ANALYZE"))
    return database


def _place(id_: str, kind: str, parent: str, names: dict[str, str]) -> places.Place:
    return places.Place(id_, places.PlaceKind(kind), parent, Texts.model_validate(names))


async def test_every_way_through_the_log_follows_an_index(long_log: Database) -> None:
    for way, wanted in FILTERS.items():
        async with long_log.read() as connection:
            plan = await _plan(connection, partial(arrivals.newest, connection, wanted, arrivals.PAGE + 1))
        assert "ix_arrivals_" in plan, f"{way}: {plan}"
        assert "SCAN arrivals\n" not in plan, f"{way}: {plan}"
        assert "Seq Scan on arrivals" not in plan, f"{way}: {plan}"
        rare = way in ("gifts", "conflicts") and long_log.dsn == ""
        assert "ix_arrivals_rare_" in plan or not rare, f"{way}: {plan}"
        # Of some communities the newest lines of each are put in order; nowhere else more than a page is.
        assert "TEMP B-TREE" not in plan or way == "some communities", f"{way}: {plan}"


async def test_the_lines_of_some_communities_come_in_one_order(long_log: Database) -> None:
    async with long_log.read() as connection:
        everything = await arrivals.newest(connection, Wanted(tops=(places.TOP,)), 200)
        two = await arrivals.newest(connection, Wanted(tops=("huada", "fengze")), 200)
        street = await arrivals.newest(connection, Wanted(tops=("street",)), 200)
        own = await arrivals.newest(connection, Wanted(tops=("fengze",), gateway=GATEWAY), 200)
        nobody = await arrivals.newest(connection, Wanted(tops=()), 200)
    assert everything == two == sorted(everything, reverse=True)
    assert len(everything) == 200
    assert street == own == nobody == []


async def _plan(connection: Connection, ask: Callable[[], Any]) -> str:
    """How the database goes about the statements that `ask` sends about arrivals."""
    told: list[tuple[str, Any]] = []

    def heard(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "FROM arrivals" in statement:
            told.append((statement, parameters))

    def explain(sync: SyncConnection) -> str:
        prefix = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        rows = [row for statement, values in told for row in sync.exec_driver_sql(prefix + statement, values)]
        return "\n".join(str(row[-1]) for row in rows) + "\n"

    sync = await connection.run_sync(lambda each: each)
    event.listen(sync.engine, "before_cursor_execute", heard)
    try:
        await ask()
    finally:
        event.remove(sync.engine, "before_cursor_execute", heard)
    assert told
    return await connection.run_sync(explain)
