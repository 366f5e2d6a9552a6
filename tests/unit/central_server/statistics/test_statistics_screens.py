"""How screens are used: counted once, in any order, on both databases; told for what was counted, and only then."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from central_server.intake.batch import read_batch
from central_server.intake.receive import receive
from central_server.statistics.daily_summary import glance
from central_server.statistics.event_times import HOUR
from central_server.statistics.figure_records import told as as_json
from central_server.statistics.periods import Span
from central_server.statistics.report import Narrowed
from central_server.statistics.rollup import count_all
from central_server.store.engine.database import Database
from central_server.store.engine.tables import screen_figures
from central_server.store.parcels import parcel_times, sync_log
from central_server.store.parcels.log_queries import Wanted
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import ClockReading, Door, Parcel, Receipt, ScreenCount, ScreenStatistics, canonical
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.statistics.test_statistics_report import HALL, told
from tests.unit.central_server.statistics.test_statistics_rollup import (
    GATEWAYS,
    MIDNIGHT,
    RECEIVED,
    arrive_anyhow,
    deliver,
    known,
    stretch,
)

WALL = BeaconId(UUID(int=7), 1, 1)


def count(project: str | None = None, door: Door = Door.touch, **changes: Any) -> ScreenCount:
    plain: dict[str, Any] = {"project": project, "beacon": None, "door": door, "visits": 0, "opened": 0}
    return ScreenCount(**(plain | changes))


def touched(n: int, start: datetime, counts: Sequence[ScreenCount] = (), *, trusted: bool = True) -> Parcel:
    """Five minutes before a screen, whose clock said `start`."""
    begun = ClockReading(wall=start, boot="0" * 32, monotonic_ns=0, trusted=trusted)
    body = ScreenStatistics(start=begun, seconds=300, counts=tuple(counts))
    later = begun.model_copy(update={"wall": start + timedelta(days=3), "monotonic_ns": 3 * 86_400 * 10**9})
    return Parcel(id=f"{n:032x}", epoch="e" * 16, n=n, clock=later, body=body)


async def everything(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        ordered = select(screen_figures).order_by(*screen_figures.primary_key.columns)
        return [tuple(row) for row in await connection.execute(ordered)]


async def test_what_grew_bit_by_bit_is_what_a_count_from_the_beginning_gives(database: Database) -> None:
    await known(database)
    draw = random.Random(5)
    for gateway in GATEWAYS:
        parcels = [
            touched(
                number,
                MIDNIGHT + timedelta(minutes=17 * number),
                [count(visits=number % 4), count("lunch", beacon=WALL, visits=1, opened=number % 3)],
            )
            for number in range(1, 90)
        ]
        parcels += [stretch(number, MIDNIGHT + timedelta(minutes=17 * number)) for number in range(100, 130)]
        await arrive_anyhow(database, gateway, parcels, draw)
    await count_all(database)
    grown = await everything(database)
    for span in ("hour", "day"):
        sums = [sum(row[column] for row in grown if row[1] == span) for column in (-2, -1)]
        assert sums == [2 * sum(n % 4 + 1 for n in range(1, 90)), 2 * sum(n % 3 for n in range(1, 90))]
    async with database.write() as connection:
        await parcel_times.count_anew(connection)
    await count_all(database)
    assert await everything(database) == grown


async def test_a_day_is_told_by_hour_door_project_beacon_gateway_and_community(database: Database) -> None:
    await known(database)
    counts = [count(visits=5), count("lunch", Door.tag, visits=2, opened=3), count("books", beacon=WALL, opened=4)]
    await deliver(database, GATEWAYS[0], [touched(1, MIDNIGHT), touched(2, MIDNIGHT + 2 * HOUR, counts)])
    await deliver(database, GATEWAYS[1], [touched(3, MIDNIGHT + 2 * HOUR, [count("lunch", visits=1, opened=1)])])
    day = await told(database, Narrowed(HALL))
    assert [(slot.touches, slot.touch_pages, slot.tag_pages) for slot in day.slots[:4]] == [
        (0, 0, 0),
        (0, 0, 0),
        (7, 4, 3),
        (0, 0, 0),
    ]
    assert day.funnel["near"]["touch"] == 7
    assert (day.funnel["page"]["touch"], day.funnel["page"]["tag"]) == (4, 3)
    week = await told(database, Narrowed(HALL), Span.week)
    assert [(slot.touches, slot.tag_pages) for slot in week.slots[:3]] == [(None, None), (7, 3), (0, 0)]

    async def sums(of: Narrowed) -> tuple[int | None, ...]:
        found = (await told(database, of)).sums
        return found["touches"], found["touch_pages"], found["tag_pages"]

    both = frozenset({"huada", "fengze"})
    assert await sums(Narrowed(both)) == (8, 5, 3)
    assert await sums(Narrowed(both, project="lunch")) == (3, 1, 3)
    assert await sums(Narrowed(both, beacon=str(WALL))) == (0, 4, 0)
    assert await sums(Narrowed(both, gateway=GATEWAYS[1].id)) == (1, 1, 0)
    assert await sums(Narrowed(frozenset({"nowhere"}))) == (None, None, None)


async def test_before_the_first_report_nothing_was_counted_and_after_it_nobody_came(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT + 3 * HOUR)])
    day = await told(database, Narrowed(HALL))
    assert [slot.touches for slot in day.slots[:5]] == [None, None, None, 0, 0]
    assert (day.sums["touches"], day.before["touches"]) == (0, None)
    slots = as_json(day).slots
    assert [slot.near_touch for slot in slots[:4]] == [None, None, None, 0]
    assert (slots[0].page_touch, slots[3].page_tag) == (None, 0)
    async with database.read() as connection:
        assert (await glance(connection, Narrowed(HALL), MIDNIGHT, "drill"))["touches"] == 0
        earlier = await glance(connection, Narrowed(HALL), MIDNIGHT - 24 * HOUR, "drill")
        assert earlier["touches"] is None


async def test_of_several_gateways_it_is_told_how_many_count(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT)])
    await deliver(database, GATEWAYS[1], [stretch(3, MIDNIGHT)])
    assert (await told(database, Narrowed(frozenset({"huada", "fengze"})))).counting == (1, 2)
    assert (await told(database, Narrowed(HALL))).counting == (1, 1)
    assert (await told(database, Narrowed(frozenset({"fengze"}), project="lunch"))).counting == (0, 1)


async def test_a_glance_says_of_touches_what_the_report_says(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [touched(1, MIDNIGHT, [count(visits=3), count("lunch", visits=2)])])
    assert (await told(database, Narrowed(HALL))).sums["touches"] == 5
    async with database.read() as connection:
        assert (await glance(connection, Narrowed(HALL), MIDNIGHT, "drill"))["touches"] == 5


async def test_what_comes_late_and_by_a_clock_set_later_stands_in_its_own_hour(database: Database) -> None:
    await known(database)
    unsure = touched(1, MIDNIGHT - timedelta(days=90), [count(visits=1)], trusted=False)
    await deliver(database, GATEWAYS[0], [unsure])
    await count_all(database)
    anchor = stretch(2, MIDNIGHT + 2 * HOUR, monotonic_s=7200)
    await deliver(database, GATEWAYS[0], [anchor], RECEIVED)
    day = await told(database, Narrowed(HALL))
    assert day.slots[0].touches == 1
    assert {row[2] for row in await everything(database)} == {MIDNIGHT}, "the hour before holds nothing of it any more"


async def test_a_gateway_that_moved_leaves_its_counts_where_they_were_made(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [touched(1, MIDNIGHT, [count(visits=1)])])
    moved = replace(GATEWAYS[0], community="fengze")
    await deliver(database, moved, [touched(2, MIDNIGHT, [count(visits=2)])])
    assert (await told(database, Narrowed(HALL))).sums["touches"] == 1
    assert (await told(database, Narrowed(frozenset({"fengze"})))).sums["touches"] == 2


async def test_counts_that_no_screen_can_have_made_are_refused(database: Database) -> None:
    await known(database)
    wrong = [
        touched(1, MIDNIGHT, [count(visits=2**50)]),
        touched(2, MIDNIGHT, [count("lunch", opened=6100)]),
        touched(3, MIDNIGHT, [count(visits=1), count(visits=2)]),
        touched(4, MIDNIGHT, [count(opened=1)]),
        touched(5, MIDNIGHT, [count("lunch", Door.tag, visits=1, opened=1)]),
    ]
    assert await deliver(database, GATEWAYS[0], wrong) == ["refused"] * 4 + ["accepted"]
    unheard_of = canonical(touched(6, MIDNIGHT, [count(visits=1)])).replace(b'"door":"touch"', b'"door":"phone"')
    batch = read_batch(b'{"contract":1,"parcels":[' + unheard_of + b"]}")
    (receipt,) = await receive(database, GATEWAYS[0], batch, Environment.drill, RECEIVED)
    assert receipt["receipt"] == "refused"
    assert receipt["reason"].startswith("invalid: body.counts.0.door")
    assert (await told(database, Narrowed(HALL))).sums["touches"] == 1


async def test_the_log_lists_counts_among_the_reports(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT, [count(visits=1)])])
    await deliver(
        database, GATEWAYS[0], [touched(2, MIDNIGHT, [count(visits=1)]), touched(3, MIDNIGHT, [count(opened=1)])]
    )
    async with database.read() as connection:
        reports = await sync_log.page(connection, Wanted(kind="statistics"))
        assert sorted((each.parcel[-1], each.result) for each in reports) == [
            ("1", Receipt.accepted),
            ("2", Receipt.accepted),
            ("2", Receipt.duplicate),
            ("3", Receipt.refused),
        ]
        assert await sync_log.page(connection, Wanted(kind="intent")) == ()


async def test_a_batch_with_counts_of_the_screen_is_taken_whole(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    """Whichever way it takes in: what is good is kept and counted, what is not is refused."""
    good = [stretch(1, MIDNIGHT), touched(2, MIDNIGHT, [count(visits=3)]), touched(3, MIDNIGHT + HOUR)]
    assert [each.receipt for each in await gateway.deliver(good)] == ["accepted"] * 3
    assert [each.receipt for each in await gateway.deliver(good)] == ["duplicate"] * 3
    bad = [touched(4, MIDNIGHT, [count(visits=2**50)]), touched(5, MIDNIGHT, [count(opened=1)])]
    assert [each.receipt for each in await gateway.deliver(bad)] == ["refused"] * 2
    async with central.database() as database:
        await count_all(database)
        assert sum(row[-2] for row in await everything(database) if row[1] == "day") == 3
