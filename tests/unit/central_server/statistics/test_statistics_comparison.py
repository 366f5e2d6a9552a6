"""Side by side: each row says what the view of that one says, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from central_server.statistics.comparison import OneOf, beside
from central_server.statistics.periods import Span, period
from central_server.statistics.report import Narrowed
from central_server.statistics.rollup import count_all
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import Visitors
from central_server.store.api import presence_passes
from central_server.store.engine.database import Database
from central_server.store.engine.tables.figures import DWELLS
from central_server.store.statistics.figure_comparison import By
from sync_contract.records import Door
from tests.unit.central_server.statistics.test_statistics_report import TODAY, becomes, gift, told
from tests.unit.central_server.statistics.test_statistics_rollup import GATEWAYS, MIDNIGHT, deliver, known, stretch
from tests.unit.central_server.statistics.test_statistics_screens import WALL, count, touched
from tests.unit.central_server.statistics.test_statistics_visitors import Visit

BOTH = frozenset({"huada", "fengze"})
FIELDS = {
    "tags": "tags",
    "shakes": "shakes",
    "visitors": "shake_visitors",
    "clicks": "clicks",
    "readers": "click_visitors",
    "posters": "posters",
    "poster_readers": "poster_visitors",
    "tags_touched": "tags_touched",
    "tag_readers": "tag_touchers",
    "touches": "touches",
    "touch_pages": "touch_pages",
    "tag_pages": "tag_pages",
    "registered": "registered",
    "registered_fen": "registered_fen",
    "handed": "handed",
    "paid": "paid",
    "paid_fen": "paid_fen",
    "reconciled": "reconciled",
}
"""Of a row, and of the report of that one alone."""


async def rows(database: Database, by: By, of: Narrowed, span: Span = Span.week, **how: Any) -> dict[str, OneOf]:
    await count_all(database)
    async with database.read() as connection:
        found = await beside(connection, of, period(span, TODAY), "drill", by, **how)
    assert [row.key for row in found] == sorted(row.key for row in found)
    return {row.key: row for row in found}


@pytest.fixture
async def busy(database: Database) -> Database:
    """Two communities with a gateway each, two projects, a beacon, two days."""
    await known(database)
    salts = Salts()
    await salts.keep(database, MIDNIGHT)
    wall = str(WALL)
    for number, gateway in enumerate(GATEWAYS[:2]):
        at = MIDNIGHT + timedelta(hours=1 + number)
        counts = [
            count("lunch", visits=2, opened=3),
            count("books", Door.tag, beacon=WALL, visits=1, opened=4 + number),
        ]
        await deliver(
            database,
            gateway,
            [
                stretch(10 + number, at),
                touched(20 + number, at, counts),
                gift(100 + number, at, beacon=WALL),
                gift(110 + number, at + timedelta(days=1), Door.tag, project="books"),
            ],
        )
    async with database.write() as connection:
        await becomes(connection, GATEWAYS[0].id, 100, "handed_off", "paid")
        for day in range(2):
            for community, beacon, project, door, kind, times in (
                ("huada", wall, "lunch", "phone", "shake", 5),
                ("huada", wall, "lunch", "phone", "click", 2),
                ("huada", "", "books", "qr", "click", 3),
                ("fengze", "", "books", "nfc", "click", 1),
                ("fengze", wall, "books", "phone", "shake", 4),
            ):
                hour = MIDNIGHT + timedelta(hours=9)
                where = {"community": community, "beacon": beacon, "project": project, "door": door, "kind": kind}
                for visitor in range(times):
                    await presence_passes.count(connection, hour=hour + timedelta(hours=day), **where)
                    visit = Visit(hour=hour + timedelta(hours=day), **where)
                    await Visitors(salts).seen(connection, visit, f"{visitor + day}".encode())
    return database


@pytest.mark.parametrize("by", list(By))
async def test_a_row_says_what_the_view_of_that_one_says(busy: Database, by: By) -> None:
    found = await rows(busy, by, Narrowed(BOTH))
    named = {key for key in found if key}
    assert (
        named
        == {
            By.beacon: {str(WALL)},
            By.project: {"lunch", "books"},
            By.gateway: {gateway.id for gateway in GATEWAYS[:2]},
            By.community: set(BOTH),
        }[by]
    )
    for key in named:
        of = Narrowed(frozenset({key})) if by is By.community else Narrowed(BOTH, **{by.value: key})
        alone = await told(busy, of, Span.week)
        for field, name in FIELDS.items():
            expected = alone.sums[name]
            if by is By.beacon and field == "tags":
                assert expected is None
            assert getattr(found[key], field) == expected, (key, field)
        assert found[key].spent == sum(value or 0 for value in alone.funnel["spent"].values())
        assert found[key].stays == alone.dwell, key
        assert found[key].registered > 0, "or nothing was compared"


async def test_different_visitors_of_a_day_are_merged_before_days_are_added(busy: Database) -> None:
    hall = (await rows(busy, By.community, Narrowed(BOTH), Span.day))["huada"]
    assert (hall.shakes, hall.visitors) == (10, 6)
    assert (hall.clicks, hall.readers) == (4, 3)


async def test_nobody_sees_rows_of_others_and_a_filter_holds(busy: Database) -> None:
    assert set(await rows(busy, By.community, Narrowed(frozenset({"huada"})))) == {"huada"}
    assert await rows(busy, By.project, Narrowed(frozenset({"nowhere"}))) == {}
    of_lunch = await rows(busy, By.community, Narrowed(BOTH, project="lunch"))
    assert {key: row.shakes for key, row in of_lunch.items()} == {"huada": 10, "fengze": 0}
    assert of_lunch["huada"].tags is None, "tags are never counted by project"


async def test_who_is_known_has_a_row_without_anything_counted(busy: Database) -> None:
    found = await rows(busy, By.beacon, Narrowed(BOTH), known=("quiet/1/1",))
    assert (found["quiet/1/1"].shakes, found["quiet/1/1"].registered) == (0, 0)
    assert "quiet/1/1" not in await rows(busy, By.beacon, Narrowed(BOTH))


async def test_who_sees_to_no_money_gets_counts_alone(busy: Database) -> None:
    row = (await rows(busy, By.project, Narrowed(BOTH), money=False))["lunch"]
    assert (row.registered, row.paid, row.registered_fen, row.paid_fen) == (2, 1, None, None)


async def test_a_gateway_that_counts_no_touches_is_not_one_that_nobody_touched(busy: Database) -> None:
    found = await rows(busy, By.gateway, Narrowed(BOTH), known=("0" * 16,))
    assert (found["0" * 16].touches, found["0" * 16].tags) == (None, 0)
    assert len(found[GATEWAYS[0].id].stays or ()) == len(DWELLS)
