"""Report figures: slots that add up, doors apart, silence distinct from emptiness, and only the caller's places."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from central_server.staff.statistics.figure_charts import charts
from central_server.statistics.daily_summary import summarize_day
from central_server.statistics.event_times import HOUR
from central_server.statistics.figure_records import SCREEN_COUNTS
from central_server.statistics.funnel import UNKNOWN_DOOR
from central_server.statistics.periods import Period, Span, period_of
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import VisitCounter
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from central_server.store.statistics import phone_figures, visitors
from central_server.store.statistics.figure_filter import FigureFilter, FigureScope
from sync_contract.records import Door
from sync_contract.strict_model import Environment, Language
from tests.unit.central_server.statistics_world import (
    GATEWAYS,
    HALL,
    MIDNIGHT,
    TODAY,
    change_state,
    count,
    count_visits,
    deliver,
    gift,
    register_gateways,
    report_of,
    stretch,
    touched,
    visit,
)


async def test_hours_add_up_to_the_day_and_days_to_the_week(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(n, MIDNIGHT + timedelta(minutes=35 * n)) for n in range(1, 15)])
    day, week = await report_of(database, FigureScope(HALL)), await report_of(database, FigureScope(HALL), Span.week)
    assert [slot.near_tag for slot in day.slots[:3]] == [1, 2, 3 % 3 + 4 % 3 + 5 % 3]
    assert len(day.slots) == 24
    assert day.sums["near_tag"] == sum(n % 3 for n in range(1, 15))
    tuesday = week.slots[1]
    assert (tuesday.near_tag, tuesday.frames) == (day.sums["near_tag"], day.sums["frames"])
    assert week.dwell == day.dwell == (day.sums["near_tag"], *[0] * 7)
    assert week.rssi == day.rssi
    assert week.rssi is not None
    assert sum(week.rssi) == sum(range(1, 15))


@dataclass(frozen=True)
class NoLinks:
    period: Period

    def link(self, path: str = "", **changes: str) -> str:
        return path


async def test_the_chart_of_a_day_shows_the_current_time_until_its_last_hour_is_over(database: Database) -> None:
    await register_gateways(database)
    places = []
    for minutes in (5, 12 * 60, 23 * 60 + 30, 24 * 60):
        report = await report_of(database, FigureScope(HALL), now=MIDNIGHT + timedelta(minutes=minutes))
        drawn = charts(report, NoLinks(report.period), Language.en, str)
        places.append(next(chart.now for chart in drawn if chart.name == "tags"))
    morning, noon, last_hour, next_day = places
    assert morning is not None
    assert noon is not None
    assert last_hour is not None
    assert 0 < morning < noon < last_hour <= 1
    assert next_day is None


async def test_a_silent_gateway_differs_from_an_empty_hall(database: Database) -> None:
    """In the first hour it listened all the time, in the second half, in the third not at all."""
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(100 + n, MIDNIGHT + timedelta(minutes=5 * n)) for n in range(18)])
    day = await report_of(database, FigureScope(HALL))
    assert [slot.heard for slot in day.slots[:4]] == [1.0, 0.5, 0.0, 0.0]
    assert day.slots[10].heard == 0.0, "of the hour that runs, only what is over counts"
    assert not day.slots[10].complete
    assert [slot.ahead for slot in day.slots[10:12]] == [False, True]
    assert day.slots[11].heard is None
    assert day.started == 11
    before = await report_of(database, FigureScope(HALL), day=date(2026, 11, 20))  # before the first report
    assert {slot.heard for slot in before.slots} == {None}


async def test_beacons_of_a_period_show_which_was_silent(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(10, MIDNIGHT), stretch(20, MIDNIGHT)])
    rows = {row.beacon.rsplit("/", 1)[1]: row for row in (await report_of(database, FigureScope(HALL))).beacons}
    heard, silent, own = rows["1"], rows["2"], rows["9"]
    assert (heard.frames, heard.lost, heard.rssi_mean, heard.silent) == (30, 1 - 30 / 200, -60, False)
    assert (silent.frames, silent.silent) == (0, True)
    assert (own.advertised_s, own.silent) == (599, False)


async def test_the_funnel_separates_doors_and_marks_what_is_not_counted(database: Database) -> None:
    await register_gateways(database)
    gateway = GATEWAYS[0]
    await deliver(database, gateway, [stretch(2, MIDNIGHT)])
    gifts = [gift(100 + n, MIDNIGHT + timedelta(hours=n), Door.tag if n else Door.touch) for n in range(4)]
    await deliver(database, gateway, [*gifts, gift(200, MIDNIGHT, environment=Environment.drill)])
    async with database.write() as connection:
        await change_state(connection, gateway.id, 101, "handed_off")
        await change_state(connection, gateway.id, 102, "handed_off", "paid")
        await change_state(connection, gateway.id, 103, "handed_off", "closed")
        await count_visits(connection, *(("phone", "shake"), ("phone", "shake"), ("phone", "click"), ("nfc", "click")))
    funnel = (await report_of(database, FigureScope(HALL))).funnel
    assert funnel["near"] == {"touch": None, "tag": 2, "phone": 2, "qr": None, "nfc": 1}
    assert funnel["page"] == {"touch": None, "tag": None, "phone": 1, "qr": 0, "nfc": 1}
    assert funnel["registered"] == {"touch": 2, "tag": 3, "phone": 0, "qr": 0, "nfc": 0, UNKNOWN_DOOR: 0}
    assert funnel["handed"]["tag"] == 3
    assert funnel["paid"]["tag"] == 1
    assert set(funnel["reconciled"].values()) == set(funnel["spent"].values()) == {0}
    day = await report_of(database, FigureScope(HALL))
    assert (day.sums["registered_fen"], day.sums["handed_fen"], day.sums["paid_fen"]) == (5000, 3000, 1000)


async def test_the_summary_of_a_day_equals_the_report(database: Database) -> None:
    await register_gateways(database)
    counts = [count(visits=3), count("lunch", visits=2)]
    parcels = [stretch(2, MIDNIGHT), gift(100, MIDNIGHT), stretch(3, MIDNIGHT + 20 * HOUR)]
    await deliver(database, GATEWAYS[0], [*parcels, touched(1, MIDNIGHT, counts)])
    async with database.write() as connection:
        await count_visits(connection, ("phone", "shake"), ("phone", "shake"), ("phone", "click"), ("qr", "click"))
    sums = (await report_of(database, FigureScope(HALL))).sums
    async with database.read() as connection:
        day = (await summarize_day(connection, FigureScope(HALL), MIDNIGHT, "drill")).model_dump()
        earlier = await summarize_day(connection, FigureScope(HALL), MIDNIGHT - 24 * HOUR, "drill")
    names = ("near_tag", "near_phone", "page_qr", "registered", "near_touch")
    assert [day[name] for name in names] == [sums[name] for name in names] == [2, 2, 1, 1, 5]
    assert (day["registered_fen"], day["near_phone_visitors"], earlier.near_touch) == (None, None, None)


async def test_a_gift_belongs_to_the_hour_when_it_was_made_however_late_it_arrives(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [gift(1, MIDNIGHT + timedelta(hours=2))], MIDNIGHT + timedelta(days=30))
    async with database.write() as connection:  # only its ticket is known, and so the hour of that
        for id_, environment in (("9" * 32, "drill"), ("8" * 32, "real")):
            ticket = Intent(
                *(GATEWAYS[0].id, id_, "huada", environment, "lunch", 500, "CNY", None, 1, "ticket", None),
                *(MIDNIGHT + timedelta(hours=4), "ticket", "registered"),
            )
            await intents.add(connection, [ticket])
    day = await report_of(database, FigureScope(HALL), now=MIDNIGHT + timedelta(days=31))
    assert [slot.registered for slot in day.slots[:6]] == [0, 0, 1, 0, 1, 0], "and drill and real never meet"
    assert day.funnel["registered"][UNKNOWN_DOOR] == 1


async def test_visitors_of_a_day_are_not_the_sum_of_its_hours(database: Database) -> None:
    await register_gateways(database)
    salts = Salts()
    await salts.refresh(database, MIDNIGHT)
    counter = VisitCounter(salts)
    async with database.write() as connection:
        for hour in range(3):
            at = MIDNIGHT + timedelta(hours=hour)
            for number in range(6):
                await counter.count(connection, visit(at), str(number + hour).encode())
                await counter.count(connection, visit(at, "b"), str(number + hour).encode())
    day, week = await report_of(database, FigureScope(HALL)), await report_of(database, FigureScope(HALL), Span.week)
    *hours, empty = [slot.near_phone_visitors or 0 for slot in day.slots[:4]]
    assert empty == 0
    assert all(4 <= count <= 6 for count in hours), "the salt is random: two of six visitors may share a register"
    assert 5 <= (week.slots[1].near_phone_visitors or 0) <= 8 < sum(hours)


async def test_sketches_merge_by_the_greatest_rank(database: Database) -> None:
    await register_gateways(database)
    async with database.write() as connection:
        for hour, beacon, rank in ((0, "a", 3), (1, "a", 40), (2, "b", 1), (1, "b", 2)):
            await visitors.add_register(connection, visit(MIDNIGHT + hour * HOUR, beacon), 7, rank)
    of_day = period_of(Span.week, TODAY)
    figures = FigureFilter(FigureScope(HALL), of_day.since, of_day.until, of_day.step)
    async with database.read() as connection:
        rows = await phone_figures.registers(connection, figures)
    assert [(row["slot"], row["rank"], row["number"]) for row in rows] == [(1, 40, 1)]


async def test_counts_that_a_view_cannot_have_are_none(database: Database) -> None:
    await register_gateways(database)
    of_project = await report_of(database, FigureScope(HALL, project="lunch"))
    assert (of_project.rssi, of_project.dwell, of_project.sums["frames"], of_project.sums["near_tag"]) == (None,) * 4
    assert of_project.sums["near_phone"] == 0
    of_gateway = await report_of(database, FigureScope(HALL, gateway=GATEWAYS[0].id))
    assert (of_gateway.sums["near_phone"], of_gateway.sums["near_tag"]) == (None, 0)
    of_beacon = await report_of(database, FigureScope(HALL, beacon="x"))
    assert (of_beacon.sums["near_tag"], of_beacon.sums["frames"]) == (None, 0)


async def test_figures_of_other_places_are_not_included(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(5, MIDNIGHT), gift(50, MIDNIGHT)])
    await deliver(database, GATEWAYS[1], [stretch(7, MIDNIGHT), gift(70, MIDNIGHT)])
    salts = Salts()
    await salts.refresh(database, MIDNIGHT)
    async with database.write() as connection:
        await VisitCounter(salts).count(connection, visit(), b"x")
    fengze = await report_of(database, FigureScope(frozenset({"fengze"})))
    assert (fengze.sums["frames"], fengze.sums["registered"]) == (7, 1)
    assert (fengze.sums["near_phone"], fengze.sums["near_phone_visitors"]) == (0, 0)
    nobody = await report_of(database, FigureScope(frozenset()))
    assert nobody.sums == {name: None if name in SCREEN_COUNTS else 0 for name in nobody.sums}
    assert nobody.beacons == ()
    neighbours = await report_of(database, FigureScope(frozenset({"fengze"}), gateway=GATEWAYS[0].id))
    assert neighbours.sums["frames"] == 0
    everybody = await report_of(database, FigureScope(frozenset({TOP})))
    assert everybody.sums["frames"] == 12


@pytest.mark.parametrize(
    ("span", "first", "last", "slots", "before"),
    [
        (Span.day, date(2026, 3, 1), date(2026, 3, 1), 24, date(2026, 2, 28)),
        (Span.week, date(2026, 2, 23), date(2026, 3, 1), 7, date(2026, 2, 16)),
        (Span.month, date(2026, 3, 1), date(2026, 3, 31), 31, date(2026, 2, 1)),
        (Span.quarter, date(2025, 12, 2), date(2026, 3, 1), 90, date(2025, 9, 3)),
        (Span.year, date(2025, 3, 3), date(2026, 3, 1), 52, date(2024, 3, 4)),
    ],
)
def test_periods_begin_and_end_at_midnight_in_beijing(
    span: Span, first: date, last: date, slots: int, before: date
) -> None:
    found = period_of(span, date(2026, 3, 1))
    assert (found.first, found.last, len(found.slots), found.before.first) == (first, last, slots, before)
    assert found.since == datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=8)
    assert found.before.until == found.since
    assert found.after.since == found.until
    assert found.before.after == found == found.after.before
