"""What the figures page says: slots that add up, doors apart, silence told from emptiness, and only one's own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from central_server.statistics.daily_summary import glance
from central_server.statistics.event_times import HOUR
from central_server.statistics.funnel import UNTOLD
from central_server.statistics.periods import Span, period
from central_server.statistics.report import Narrowed, Report, report
from central_server.statistics.rollup import count_all
from central_server.statistics.salts import Salts
from central_server.statistics.visitors import Visitors
from central_server.store.api import presence_passes
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from central_server.store.statistics import phone_figures, visitors
from central_server.store.statistics.figure_filter import Wanted
from central_server.store.statistics.visitors import Register
from sync_contract.records import ClockReading, Door, HandoffKind, IntentRegistered, IntentState, Parcel
from sync_contract.strict_model import Environment
from tests.unit.central_server.statistics.test_statistics_rollup import GATEWAYS, MIDNIGHT, deliver, known, stretch
from tests.unit.central_server.statistics.test_statistics_visitors import Visit

TODAY = date(2026, 11, 24)
"""Begins at MIDNIGHT."""
NOW = MIDNIGHT + timedelta(hours=10, minutes=30)
HALL = frozenset({"huada"})


async def told(database: Database, of: Narrowed, span: Span = Span.day, now: datetime = NOW) -> Report:
    await count_all(database)
    async with database.read() as connection:
        return await report(connection, of, period(span, TODAY), "drill", now)


def gift(n: int, at: datetime, door: Door = Door.touch, **changes: Any) -> Parcel:
    body: dict[str, Any] = {
        "environment": Environment.drill,
        "project": "lunch",
        "amount_minor": 1000,
        "currency": "CNY",
        "beacon": None,
        "door": door,
        "handoff": HandoffKind.ticket,
        "catalogue_version": 1,
    }
    clock = ClockReading(wall=at, boot="0" * 32, monotonic_ns=0, trusted=True)
    return Parcel(id=f"{n:032x}", epoch="f" * 16, n=n, clock=clock, body=IntentRegistered(**(body | changes)))


async def becomes(connection: Connection, gateway: str, number: int, *states: str) -> None:
    held = await intents.get(connection, gateway, f"{number:032x}")
    assert held is not None
    for state in states:
        await intents.move(connection, held, IntentState(state), at=NOW, cause="bank", evidence="x")


async def test_hours_add_up_to_the_day_and_days_to_the_week(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(n, MIDNIGHT + timedelta(minutes=35 * n)) for n in range(1, 15)])
    day, week = await told(database, Narrowed(HALL)), await told(database, Narrowed(HALL), Span.week)
    assert [slot.tags for slot in day.slots[:3]] == [1, 2, 3 % 3 + 4 % 3 + 5 % 3]
    assert len(day.slots) == 24
    assert day.sums["tags"] == sum(n % 3 for n in range(1, 15))
    tuesday = week.slots[1]
    assert (tuesday.tags, tuesday.frames) == (day.sums["tags"], day.sums["frames"])
    assert week.dwell == day.dwell == (day.sums["tags"], *[0] * 7)
    assert week.rssi == day.rssi
    assert week.rssi is not None
    assert sum(week.rssi) == sum(range(1, 15))


async def test_a_gateway_that_was_silent_is_no_empty_hall(database: Database) -> None:
    """In the first hour it listened all the time, in the second half, in the third not at all."""
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(100 + n, MIDNIGHT + timedelta(minutes=5 * n)) for n in range(18)])
    day = await told(database, Narrowed(HALL))
    assert [slot.heard for slot in day.slots[:4]] == [1.0, 0.5, 0.0, 0.0]
    assert day.slots[10].heard == 0.0, "of the hour that runs, only what is over counts"
    assert not day.slots[10].whole
    assert [slot.ahead for slot in day.slots[10:12]] == [False, True]
    assert day.slots[11].heard is None
    assert day.begun == 11
    async with database.read() as connection:  # nobody was there to listen
        before = await report(connection, Narrowed(HALL), period(Span.day, date(2026, 11, 20)), "drill", NOW)
    assert {slot.heard for slot in before.slots} == {None}


async def test_the_beacons_of_a_period_say_which_was_silent(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(10, MIDNIGHT), stretch(20, MIDNIGHT)])
    rows = {row.beacon.rsplit("/", 1)[1]: row for row in (await told(database, Narrowed(HALL))).beacons}
    heard, silent, own = rows["1"], rows["2"], rows["9"]
    assert (heard.frames, heard.lost, heard.rssi_mean, heard.silent) == (30, 1 - 30 / 200, -60, False)
    assert (silent.frames, silent.silent) == (0, True)
    assert (own.advertised_s, own.silent) == (599, False)


async def test_the_funnel_keeps_the_doors_apart_and_says_what_nobody_counts(database: Database) -> None:
    await known(database)
    gateway = GATEWAYS[0]
    await deliver(database, gateway, [stretch(2, MIDNIGHT)])
    gifts = [gift(100 + n, MIDNIGHT + timedelta(hours=n), Door.tag if n else Door.touch) for n in range(4)]
    await deliver(database, gateway, [*gifts, gift(200, MIDNIGHT, environment=Environment.drill)])
    async with database.write() as connection:
        await becomes(connection, gateway.id, 101, "handed_off")
        await becomes(connection, gateway.id, 102, "handed_off", "paid")
        await becomes(connection, gateway.id, 103, "handed_off", "closed")
        for door, kind in (("phone", "shake"), ("phone", "shake"), ("phone", "click"), ("nfc", "click")):
            await presence_passes.count(
                connection, hour=MIDNIGHT, community="huada", beacon="", project="lunch", door=door, kind=kind
            )
    funnel = (await told(database, Narrowed(HALL))).funnel
    assert funnel["near"] == {"touch": None, "tag": 2, "phone": 2, "qr": None, "nfc": 1}
    assert funnel["page"] == {"touch": None, "tag": None, "phone": 1, "qr": 0, "nfc": 1}
    assert funnel["registered"] == {"touch": 2, "tag": 3, "phone": 0, "qr": 0, "nfc": 0, UNTOLD: 0}
    assert funnel["handed"]["tag"] == 3
    assert funnel["paid"]["tag"] == 1
    assert set(funnel["reconciled"].values()) == set(funnel["spent"].values()) == {0}
    day = await told(database, Narrowed(HALL))
    assert (day.sums["registered_fen"], day.sums["handed_fen"], day.sums["paid_fen"]) == (5000, 3000, 1000)


async def test_a_glance_says_what_the_report_says(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(2, MIDNIGHT), gift(100, MIDNIGHT), stretch(3, MIDNIGHT + 20 * HOUR)])
    async with database.write() as connection:
        for door, kind in (("phone", "shake"), ("phone", "shake"), ("phone", "click"), ("qr", "click")):
            await presence_passes.count(
                connection, hour=MIDNIGHT, community="huada", beacon="", project="lunch", door=door, kind=kind
            )
    sums = (await told(database, Narrowed(HALL))).sums
    async with database.read() as connection:
        seen = await glance(connection, Narrowed(HALL), MIDNIGHT, "drill")
    assert seen == {name: sums[name] for name in seen}
    assert seen == {"tags": 2, "shakes": 2, "posters": 1, "registered": 1, "touches": None}


async def test_a_gift_stands_in_the_hour_in_which_it_was_made_however_late_it_comes(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [gift(1, MIDNIGHT + timedelta(hours=2))], MIDNIGHT + timedelta(days=30))
    async with database.write() as connection:  # only its ticket is known, and so the hour of that
        ticket = Intent(
            *(GATEWAYS[0].id, "9" * 32, "huada", "drill", "lunch", 500, "CNY", None, 1, "ticket", None),
            *(MIDNIGHT + timedelta(hours=4), "ticket", "registered"),
        )
        await intents.add(connection, [ticket])
        real = Intent(
            *(GATEWAYS[0].id, "8" * 32, "huada", "real", "lunch", 500, "CNY", None, 1, "ticket", None),
            *(MIDNIGHT + timedelta(hours=4), "ticket", "registered"),
        )
        await intents.add(connection, [real])
    day = await told(database, Narrowed(HALL), now=MIDNIGHT + timedelta(days=31))
    assert [slot.registered for slot in day.slots[:6]] == [0, 0, 1, 0, 1, 0], "and drill and real never meet"
    assert day.funnel["registered"][UNTOLD] == 1


async def test_different_visitors_of_a_day_are_not_those_of_its_hours_added_up(database: Database) -> None:
    await known(database)
    salts = Salts()
    await salts.keep(database, MIDNIGHT)
    async with database.write() as connection:
        for hour in range(3):
            at = MIDNIGHT + timedelta(hours=hour)
            for number in range(6):
                await Visitors(salts).seen(connection, Visit(hour=at), str(number + hour).encode())
                await Visitors(salts).seen(connection, Visit(hour=at, beacon="b"), str(number + hour).encode())
    day, week = await told(database, Narrowed(HALL)), await told(database, Narrowed(HALL), Span.week)
    assert [slot.shake_visitors for slot in day.slots[:4]] == [6, 6, 6, 0]
    assert week.slots[1].shake_visitors == 8


async def test_the_greatest_rank_of_a_register_stands_for_all_hours_and_beacons(database: Database) -> None:
    await known(database)
    async with database.write() as connection:
        for hour, beacon, rank in ((0, "a", 3), (1, "a", 40), (2, "b", 1), (1, "b", 2)):
            key = (MIDNIGHT + hour * HOUR, "huada", beacon, "lunch", "phone", "shake")
            await visitors.note(connection, Register(*key, register=7, rank=rank))
    of_day = period(Span.week, TODAY)
    wanted = Wanted(HALL, of_day.since, of_day.until, of_day.step)
    async with database.read() as connection:
        rows = await phone_figures.registers(connection, wanted)
    assert [(row["slot"], row["rank"], row["number"]) for row in rows] == [(MIDNIGHT, 40, 1)]


async def test_a_view_that_something_cannot_be_counted_in_says_so(database: Database) -> None:
    await known(database)
    of_project = await told(database, Narrowed(HALL, project="lunch"))
    assert (of_project.rssi, of_project.dwell, of_project.sums["frames"], of_project.sums["tags"]) == (None,) * 4
    assert of_project.sums["shakes"] == 0
    of_gateway = await told(database, Narrowed(HALL, gateway=GATEWAYS[0].id))
    assert (of_gateway.sums["shakes"], of_gateway.sums["tags"]) == (None, 0)
    of_beacon = await told(database, Narrowed(HALL, beacon="x"))
    assert (of_beacon.sums["tags"], of_beacon.sums["frames"]) == (None, 0)


async def test_nobody_sees_the_figures_of_others(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(5, MIDNIGHT), gift(50, MIDNIGHT)])
    await deliver(database, GATEWAYS[1], [stretch(7, MIDNIGHT), gift(70, MIDNIGHT)])
    salts = Salts()
    await salts.keep(database, MIDNIGHT)
    async with database.write() as connection:
        await Visitors(salts).seen(connection, Visit(hour=MIDNIGHT), b"x")
        await presence_passes.count(
            connection, hour=MIDNIGHT, community="huada", beacon="", project="lunch", door="phone", kind="shake"
        )
    fengze = await told(database, Narrowed(frozenset({"fengze"})))
    assert (fengze.sums["frames"], fengze.sums["registered"]) == (7, 1)
    assert (fengze.sums["shakes"], fengze.sums["shake_visitors"]) == (0, 0)
    nobody = await told(database, Narrowed(frozenset()))
    not_counted = ("touches", "touch_pages", "tag_pages")
    assert nobody.sums == {name: None if name in not_counted else 0 for name in nobody.sums}
    assert nobody.beacons == ()
    neighbours = await told(database, Narrowed(frozenset({"fengze"}), gateway=GATEWAYS[0].id))
    assert neighbours.sums["frames"] == 0
    everybody = await told(database, Narrowed(frozenset({TOP})))
    assert everybody.sums["frames"] == 12


@pytest.mark.parametrize(
    ("span", "first", "last", "slots", "before"),
    [
        (Span.day, date(2026, 3, 1), date(2026, 3, 1), 24, date(2026, 2, 28)),
        (Span.week, date(2026, 2, 23), date(2026, 3, 1), 7, date(2026, 2, 16)),
        (Span.month, date(2026, 3, 1), date(2026, 3, 31), 31, date(2026, 2, 1)),
        (Span.quarter, date(2025, 12, 2), date(2026, 3, 1), 90, date(2025, 9, 3)),
    ],
)
def test_periods_begin_and_end_at_midnight_in_beijing(
    span: Span, first: date, last: date, slots: int, before: date
) -> None:
    found = period(span, date(2026, 3, 1))
    assert (found.first, found.last, len(found.slots), found.before.first) == (first, last, slots, before)
    assert found.since == datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=8)
    assert found.before.until == found.since
    assert found.after.since == found.until
    assert found.before.after == found == found.after.before
