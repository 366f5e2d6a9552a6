"""Count how screens are used: once, in any order, on both databases, and only since the first report."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from central_server.intake.batch import read_batch
from central_server.intake.receive import receive
from central_server.statistics.event_times import HOUR
from central_server.statistics.periods import Span
from central_server.statistics.report import build_figures_response
from central_server.store.engine.database import Database
from central_server.store.engine.tables import screen_figures
from central_server.store.parcels import sync_log
from central_server.store.parcels.log_queries import LogFilter
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.records import Door, Receipt
from sync_contract.strict_model import Environment
from sync_contract.wire_record import encode
from tests.fakes.central_process import RunningCentral
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.unit.central_server.statistics_world import (
    BOTH,
    GATEWAYS,
    HALL,
    MIDNIGHT,
    RECEIVED,
    WALL,
    count,
    deliver,
    register_gateways,
    report_of,
    stretch,
    touched,
)


async def stored(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(screen_figures))]


async def test_touches_are_counted_by_hour_door_project_beacon_gateway_and_community(database: Database) -> None:
    await register_gateways(database)
    counts = [count(visits=5), count("lunch", Door.tag, visits=2, opened=3), count("books", beacon=WALL, opened=4)]
    await deliver(database, GATEWAYS[0], [touched(1, MIDNIGHT), touched(2, MIDNIGHT + 2 * HOUR, counts)])
    await deliver(database, GATEWAYS[1], [touched(3, MIDNIGHT + 2 * HOUR, [count("lunch", visits=1, opened=1)])])
    day = await report_of(database, FigureScope(HALL))
    assert [(slot.near_touch, slot.page_touch, slot.page_tag) for slot in day.slots[:4]] == [
        (0, 0, 0),
        (0, 0, 0),
        (7, 4, 3),
        (0, 0, 0),
    ]
    assert day.funnel["near"]["touch"] == 7
    assert (day.funnel["page"]["touch"], day.funnel["page"]["tag"]) == (4, 3)
    week = await report_of(database, FigureScope(HALL), Span.week)
    assert [(slot.near_touch, slot.page_tag) for slot in week.slots[:3]] == [(None, None), (7, 3), (0, 0)]

    async def sums(of: FigureScope) -> tuple[int | None, ...]:
        found = (await report_of(database, of)).sums
        return found["near_touch"], found["page_touch"], found["page_tag"]

    assert await sums(FigureScope(BOTH)) == (8, 5, 3)
    assert await sums(FigureScope(BOTH, project="lunch")) == (3, 1, 3)
    assert await sums(FigureScope(BOTH, beacon=str(WALL))) == (0, 4, 0)
    assert await sums(FigureScope(BOTH, gateway=GATEWAYS[1].id)) == (1, 1, 0)
    assert await sums(FigureScope(frozenset({"nowhere"}))) == (None, None, None)


async def test_before_the_first_report_counts_are_none_and_after_it_zero(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT + 3 * HOUR)])
    day = await report_of(database, FigureScope(HALL))
    assert [slot.near_touch for slot in day.slots[:5]] == [None, None, None, 0, 0]
    assert (day.sums["near_touch"], day.before["near_touch"]) == (0, None)
    slots = build_figures_response(day).slots
    assert [slot.near_touch for slot in slots[:4]] == [None, None, None, 0]
    assert (slots[0].page_touch, slots[3].page_tag) == (None, 0)


async def test_the_report_states_how_many_gateways_count_touches(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT)])
    await deliver(database, GATEWAYS[1], [stretch(3, MIDNIGHT)])
    assert (await report_of(database, FigureScope(BOTH))).counting == (1, 2)
    assert (await report_of(database, FigureScope(HALL))).counting == (1, 1)
    assert (await report_of(database, FigureScope(frozenset({"fengze"}), project="lunch"))).counting == (0, 1)


async def test_a_late_report_with_a_corrected_clock_belongs_to_its_own_hour(database: Database) -> None:
    await register_gateways(database)
    unsure = touched(1, MIDNIGHT - timedelta(days=90), [count(visits=1)], trusted=False)
    await deliver(database, GATEWAYS[0], [unsure])
    await count_all(database)
    anchor = stretch(2, MIDNIGHT + 2 * HOUR, monotonic_s=7200)
    await deliver(database, GATEWAYS[0], [anchor], RECEIVED)
    day = await report_of(database, FigureScope(HALL))
    assert day.slots[0].near_touch == 1
    assert {row[2] for row in await stored(database)} == {MIDNIGHT}, "the earlier hour is empty again"


async def test_implausible_touches_are_refused(database: Database) -> None:
    await register_gateways(database)
    wrong = [
        touched(1, MIDNIGHT, [count(visits=2**50)]),
        touched(2, MIDNIGHT, [count("lunch", opened=6100)]),
        touched(3, MIDNIGHT, [count(visits=1), count(visits=2)]),
        touched(4, MIDNIGHT, [count(opened=1)]),
        touched(5, MIDNIGHT, [count("lunch", Door.tag, visits=1, opened=1)]),
    ]
    assert await deliver(database, GATEWAYS[0], wrong) == ["refused"] * 4 + ["accepted"]
    unheard_of = encode(touched(6, MIDNIGHT, [count(visits=1)])).replace(b'"door":"touch"', b'"door":"phone"')
    batch = read_batch(b'{"contract":1,"parcels":[' + unheard_of + b"]}")
    (receipt,) = (await receive(database, GATEWAYS[0], batch, Environment.drill, RECEIVED)).receipts
    assert (receipt.receipt, receipt.reason) == ("refused", "invalid: body.counts[0].door")
    assert (await report_of(database, FigureScope(HALL))).sums["near_touch"] == 1


async def test_the_log_lists_counts_among_the_reports(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(2, MIDNIGHT, [count(visits=1)])])
    await deliver(
        database, GATEWAYS[0], [touched(2, MIDNIGHT, [count(visits=1)]), touched(3, MIDNIGHT, [count(opened=1)])]
    )
    async with database.read() as connection:
        reports = await sync_log.page(connection, LogFilter(kind="statistics"))
        assert sorted((each.parcel[-1], each.result) for each in reports) == [
            ("1", Receipt.accepted),
            ("2", Receipt.accepted),
            ("2", Receipt.duplicate),
            ("3", Receipt.refused),
        ]
        assert await sync_log.page(connection, LogFilter(kind="intent")) == ()


async def test_a_batch_with_screen_counts_is_accepted_parcel_by_parcel(
    central: RunningCentral, gateway: DeliveringGateway
) -> None:
    good = [stretch(1, MIDNIGHT), touched(2, MIDNIGHT, [count(visits=3)]), touched(3, MIDNIGHT + HOUR)]
    assert [each.receipt for each in await gateway.deliver(good)] == ["accepted"] * 3
    assert [each.receipt for each in await gateway.deliver(good)] == ["duplicate"] * 3
    bad = [touched(4, MIDNIGHT, [count(visits=2**50)]), touched(5, MIDNIGHT, [count(opened=1)])]
    assert [each.receipt for each in await gateway.deliver(bad)] == ["refused"] * 2
    async with central.database() as database:
        await count_all(database)
        assert sum(row[-2] for row in await stored(database) if row[1] == "day") == 3
