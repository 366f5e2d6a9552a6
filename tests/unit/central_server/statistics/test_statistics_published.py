"""Publish figures: nothing under five, and nothing from which such a value could be computed."""

from collections import defaultdict
from datetime import datetime
from itertools import product
from typing import Any

import aiohttp
import pytest

from central_server.statistics.public_figures import MIN_PUBLISHED, publishable
from central_server.store.engine.tables import screen_figures, shake_counts, visit_figures
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.statistics_world import MIDNIGHT, count, stretch, touched


@pytest.mark.parametrize("days", [1, 2, 3, 4])
def test_a_hidden_value_may_be_anything_under_five(days: int) -> None:
    """Group all months by what would be published: in each group every hidden value takes all of 0 to 4."""
    possible: dict[tuple[tuple[int | None, ...], int | None], list[tuple[int, ...]]] = defaultdict(list)
    for values in product((0, 1, 2, 3, 4, 5, 9), repeat=days):
        possible[publishable(values)].append(values)
    sums = 0
    for (shown, total), months in possible.items():
        for place, value in enumerate(shown):
            if value is None:
                assert {month[place] for month in months} == set(range(MIN_PUBLISHED)), (shown, total)
            else:
                assert value >= MIN_PUBLISHED
        assert total is None or total >= MIN_PUBLISHED
        sums += total is not None and None in shown
    assert sums > 0 or days < 3, "some sums are published all the same"


def test_days_that_were_not_counted_hide_nothing() -> None:
    """The start of counting is known: a single day's 4 would otherwise be the sum of everything hidden."""
    assert publishable((None, None, 4, 9)) == ((None, None, None, 9), None)
    assert publishable((None, 3, 1, 9)) == ((None, None, None, 9), 13)
    assert publishable((None, None)) == ((None, None), None)


async def test_only_a_complete_month_is_published(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        await gateway.deliver([stretch(2, MIDNIGHT), touched(3, MIDNIGHT, [count(visits=6)])])
        await count_all(database)
        async with database.write() as connection:  # as if it had been a month before
            first = MIDNIGHT.replace(year=2026, month=10, day=11)
            await connection.execute(visit_figures.delete().where(visit_figures.c.span == "hour"))
            await connection.execute(visit_figures.update().values(start=first, visits=264, tags=1))
            row = (await connection.execute(visit_figures.select())).one()._asdict()
            await connection.execute(
                visit_figures.insert(), row | {"start": first.replace(day=12), "visits": 9, "tags": 7}
            )
            await connection.execute(screen_figures.update().values(start=first))
            for door, kind, times in (("nfc", "click", 5), ("nfc", "shake", 9)):
                key = {"hour": first, "community": "huada", "beacon": "", "project": "lunch"}
                await connection.execute(shake_counts.insert(), key | {"door": door, "kind": kind, "times": times})

    async def ask(place: str, query: str) -> tuple[int, dict[str, Any]]:
        async with session.get(f"{central.url}/api/v1/public/statistics/{place}?{query}") as answer:
            return answer.status, await answer.json(content_type=None)

    status, record = await ask("huada", "month=2026-10")
    assert status == 200
    assert record["environment"] == "drill"
    days = {day["day"]: day["tags"] for day in record["days"]}
    assert len(days) == 31
    assert {day: value for day, value in days.items() if value is not None} == {"2026-10-13": 7}
    assert record["sums"]["tags"] is None, "one person with 264 visits is one person"
    assert record["sums"]["paid"] is None
    of_the_day = next(day for day in record["days"] if day["day"] == "2026-10-12")
    assert (of_the_day["near_nfc"], of_the_day["near_touch"], of_the_day["page_touch"]) == (5, 6, None)
    for place in ("nowhere", TOP):
        _, nothing = await ask(place, "month=2026-10")
        assert set(nothing["sums"].values()) == {None}, "places above a community are sums"
    for query in (
        f"month={datetime.now(OFFICIAL_TIME):%Y-%m}",
        "month=2099-01",
        "month=2026-13",
        "month=2026-1",
        "x=1",
    ):
        assert (await ask("huada", query))[0] == 400, query
