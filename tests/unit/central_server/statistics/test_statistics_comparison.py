"""Compare keys: each row equals the report of that key, on both databases."""

from datetime import timedelta
from typing import Any, Literal

import pytest

from central_server.statistics.comparison import compare_figures
from central_server.statistics.figure_records import COUNTS, FigureRow
from central_server.statistics.periods import Span, period_of
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import VisitCounter
from central_server.store.engine.database import Database
from central_server.store.engine.tables.figures import DWELLS
from central_server.store.statistics.figure_filter import By, FigureScope
from sync_contract.records import Door
from tests.fakes.counting import count_all
from tests.unit.central_server.statistics_world import (
    BOTH,
    GATEWAYS,
    MIDNIGHT,
    TODAY,
    WALL,
    change_state,
    count,
    deliver,
    gift,
    register_gateways,
    report_of,
    stretch,
    touched,
    visit,
)


async def rows(database: Database, by: By, of: FigureScope, span: Span = Span.week, **how: Any) -> dict[str, FigureRow]:
    await count_all(database)
    async with database.read() as connection:
        found = await compare_figures(connection, of, period_of(span, TODAY), "drill", by, **how)
    assert [row.key for row in found] == sorted(row.key for row in found)
    return {row.key: row for row in found}


@pytest.fixture
async def busy(database: Database) -> Database:
    """Two communities with a gateway each, two projects, a beacon, two days."""
    await register_gateways(database)
    salts = Salts()
    await salts.refresh(database, MIDNIGHT)
    counter, wall = VisitCounter(salts), str(WALL)
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
        await change_state(connection, GATEWAYS[0].id, 100, "handed_off", "paid")
        for day in range(2):
            counted: tuple[tuple[str, str, str, str, Literal["shake", "click"], int], ...] = (
                ("huada", wall, "lunch", "phone", "shake", 5),
                ("huada", wall, "lunch", "phone", "click", 2),
                ("huada", "", "books", "qr", "click", 3),
                ("fengze", "", "books", "nfc", "click", 1),
                ("fengze", wall, "books", "phone", "shake", 4),
            )
            hour = MIDNIGHT + timedelta(hours=9 + day)
            for community, beacon, project, door, kind, times in counted:
                seen = visit(hour, beacon, community=community, project=project, door=door, kind=kind)
                for visitor in range(times):
                    await counter.count(connection, seen, f"{visitor + day}".encode())
    return database


@pytest.mark.parametrize("by", list(By))
async def test_a_row_equals_the_report_of_its_key(busy: Database, by: By) -> None:
    found = await rows(busy, by, FigureScope(BOTH))
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
        of = FigureScope(frozenset({key})) if by is By.community else FigureScope(BOTH, **{by.value: key})
        alone = await report_of(busy, of, Span.week)
        for name in COUNTS:
            assert getattr(found[key], name) == alone.sums[name], (key, name)
        assert found[key].spent == sum(value or 0 for value in alone.funnel["spent"].values())
        assert found[key].dwell == alone.dwell, key
        assert found[key].registered > 0, "or nothing was compared"


async def test_different_visitors_of_a_day_are_merged_before_days_are_added(busy: Database) -> None:
    hall = (await rows(busy, By.community, FigureScope(BOTH), Span.day))["huada"]
    assert (hall.near_phone, hall.near_phone_visitors) == (10, 6)
    assert (hall.page_phone, hall.page_phone_visitors) == (4, 3)


async def test_rows_of_other_places_are_left_out_and_filters_apply(busy: Database) -> None:
    assert set(await rows(busy, By.community, FigureScope(frozenset({"huada"})))) == {"huada"}
    assert await rows(busy, By.project, FigureScope(frozenset({"nowhere"}))) == {}
    of_lunch = await rows(busy, By.community, FigureScope(BOTH, project="lunch"))
    assert {key: row.near_phone for key, row in of_lunch.items()} == {"huada": 10, "fengze": 0}
    assert of_lunch["huada"].near_tag is None, "tags are never counted by project"


async def test_a_known_key_has_a_row_without_counts(busy: Database) -> None:
    found = await rows(busy, By.beacon, FigureScope(BOTH), known=("quiet/1/1",))
    assert (found["quiet/1/1"].near_phone, found["quiet/1/1"].registered) == (0, 0)
    assert "quiet/1/1" not in await rows(busy, By.beacon, FigureScope(BOTH))


async def test_without_the_right_to_money_a_row_has_counts_only(busy: Database) -> None:
    row = (await rows(busy, By.project, FigureScope(BOTH), money=False))["lunch"]
    assert (row.registered, row.paid, row.registered_fen, row.paid_fen) == (2, 1, None, None)


async def test_a_gateway_that_does_not_count_touches_has_none_instead_of_zero(busy: Database) -> None:
    found = await rows(busy, By.gateway, FigureScope(BOTH), known=("0" * 16,))
    assert (found["0" * 16].near_touch, found["0" * 16].near_tag) == (None, 0)
    assert len(found[GATEWAYS[0].id].dwell or ()) == len(DWELLS)
