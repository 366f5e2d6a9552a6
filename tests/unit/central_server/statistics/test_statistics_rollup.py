"""Roll parcels up into figures by hour and day: counted once, in any order, on both databases."""

import asyncio
import gzip
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from central_server.alerts.lifecycle import update_alerts
from central_server.statistics.rollup import count_new
from central_server.store.alerts import alerts, quarantine
from central_server.store.engine.database import Database
from central_server.store.engine.tables import (
    batches,
    beacon_figures,
    boots,
    gateway_figures,
    moments,
    parcels,
    screen_figures,
    uncounted,
    visit_figures,
)
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import AdvertisedSeconds
from sync_contract.wire_record import encode
from tests.fakes.counting import count_all
from tests.unit.central_server.statistics_world import (
    GATEWAYS,
    MIDNIGHT,
    RECEIVED,
    WALL,
    count,
    deliver,
    deliver_shuffled,
    place,
    register_gateways,
    stretch,
    touched,
    visits,
)

pytestmark = pytest.mark.thorough


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.read() as connection:
        return {
            table.name: [
                tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in (gateway_figures, beacon_figures, visit_figures, screen_figures)
        }


async def hours(database: Database, gateway: str = GATEWAYS[0].id) -> dict[datetime, tuple[int, int, int]]:
    """By hour: stretches, listened and sure milliseconds."""
    table = gateway_figures.c
    wanted = select(table.start, table.stretches, table.listened_ms, table.sure_ms).where(
        table.gateway == gateway, table.span == "hour"
    )
    async with database.read() as connection:
        return {row.start: (row.stretches, row.listened_ms, row.sure_ms) for row in await connection.execute(wanted)}


async def test_incremental_counting_equals_counting_everything_again(database: Database) -> None:
    """Random order, batches and duplicates, two gateways, clocks set late, counting in between."""
    await register_gateways(database)
    for seed in range(2):
        draw = random.Random(seed)
        for gateway in GATEWAYS:
            sent = []
            for number in range(1, 60):
                boot = f"{number // 20 + seed:032x}"
                second = number % 20 * 300
                honest = MIDNIGHT + timedelta(days=number // 20, hours=22, seconds=second)
                # The second boot never gets a synchronised clock; the others do, in their eleventh report.
                set_by_now = number // 20 != 1 and number % 20 > 10
                start = honest if set_by_now else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
                sent.append(stretch(number + 100 * seed, start, trusted=set_by_now, boot=boot, monotonic_s=second))
                counts = [count(visits=number % 4), count("lunch", beacon=WALL, visits=1, opened=number % 3)]
                sent.append(touched(number + 100 * seed + 1000, honest, counts))
            await deliver_shuffled(database, gateway, sent, draw)
    await count_all(database)
    grown = await everything(database)
    assert sum(row[4] for row in grown["gateway_figures"] if row[1] == "hour") == 2 * 2 * 59
    for span in ("hour", "day"):
        sums = [sum(row[column] for row in grown["screen_figures"] if row[1] == span) for column in (-2, -1)]
        assert sums == [4 * sum(n % 4 + 1 for n in range(1, 60)), 4 * sum(n % 3 for n in range(1, 60))]
    async with database.write() as connection:
        await connection.execute(delete(uncounted))
        every = select(parcels.c.gateway, parcels.c.id).order_by(parcels.c.gateway, parcels.c.id)
        await connection.execute(uncounted.insert().from_select(["gateway", "parcels"], every))
        for table in (moments, boots, gateway_figures, beacon_figures, visit_figures, screen_figures):
            await connection.execute(delete(table))
    await count_all(database)
    assert await everything(database) == grown


async def test_parcels_that_are_placed_again_after_a_crash_count_once(database: Database) -> None:
    """A crash before the row of `uncounted` is deleted leaves all its parcels to be placed again."""
    await register_gateways(database)
    reports = [stretch(number, MIDNIGHT + timedelta(minutes=number)) for number in range(1, 30)]
    await deliver(database, GATEWAYS[0], [*reports, touched(30, MIDNIGHT, [count(visits=1)])])
    async with database.read() as connection:
        (row,) = (await connection.execute(select(uncounted))).all()
    await count_all(database)
    grown = await everything(database)
    async with database.write() as connection:
        await connection.execute(uncounted.insert().values(gateway=row.gateway, parcels=row.parcels))
    await count_all(database)
    assert await everything(database) == grown


async def test_two_servers_that_count_at_the_same_time_count_once(database: Database) -> None:
    await register_gateways(database)
    for gateway in GATEWAYS:
        for start in (0, 300, 600):
            sent = [stretch(start + n, MIDNIGHT + timedelta(minutes=5 * n)) for n in range(1, 301)]
            await deliver(database, gateway, sent)
    await asyncio.gather(*(count_all(database) for _ in range(3)))
    for gateway in GATEWAYS:
        assert sum(stretches for stretches, _, _ in (await hours(database, gateway.id)).values()) == 900


async def test_days_sum_their_hours_and_begin_at_midnight_in_beijing(database: Database) -> None:
    await register_gateways(database)
    minutes = [-10, 0, 60, 23 * 60, 24 * 60]
    reports = [stretch(number, MIDNIGHT + timedelta(minutes=at)) for number, at in enumerate(minutes, 1)]
    await deliver(database, GATEWAYS[0], reports)
    await count_all(database)
    table = beacon_figures.c
    wanted = (
        select(table.start, table.frames, table.longest_gap_ms, table.rssi_min)
        .where(table.span == "day", table.beacon.endswith("/1"))
        .order_by(table.start)
    )
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(wanted)]
    assert rows == [
        (MIDNIGHT - timedelta(days=1), 1, 10, -61),
        (MIDNIGHT, 2 + 3 + 4, 40, -64),
        (MIDNIGHT + timedelta(days=1), 5, 50, -65),
    ]


async def test_a_report_a_month_late_corrects_its_own_hour(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT)], MIDNIGHT + timedelta(minutes=6))
    await count_all(database)
    await deliver(database, GATEWAYS[0], [stretch(2, MIDNIGHT + timedelta(minutes=5))], MIDNIGHT + timedelta(days=31))
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (2, 600_000, 600_000)}


async def test_a_clock_set_later_corrects_earlier_counts(database: Database) -> None:
    await register_gateways(database)
    wrong = datetime(2026, 6, 1, 3, tzinfo=UTC)
    await deliver(database, GATEWAYS[0], [stretch(1, wrong, trusted=False, monotonic_s=0)])
    await count_all(database)
    assert await hours(database) == {wrong: (1, 300_000, 0)}
    await deliver(database, GATEWAYS[0], [stretch(2, MIDNIGHT + timedelta(hours=2), monotonic_s=7200)])
    await count_all(database)
    assert await hours(database) == {
        MIDNIGHT: (1, 300_000, 300_000),
        MIDNIGHT + timedelta(hours=2): (1, 300_000, 300_000),
    }
    await deliver(database, GATEWAYS[0], [stretch(3, wrong, trusted=False, monotonic_s=0, boot="1" * 32)])
    await count_all(database)
    assert (await hours(database))[wrong] == (1, 300_000, 0), "another boot is another clock"


async def test_the_first_synchronised_reading_of_a_boot_counts_in_any_order_of_arrival(database: Database) -> None:
    await register_gateways(database)
    unsure = stretch(1, datetime(2026, 6, 1, tzinfo=UTC), trusted=False, end_trusted=False, monotonic_s=0)
    good = [
        stretch(2, MIDNIGHT + timedelta(hours=2), monotonic_s=7200),
        stretch(3, MIDNIGHT + timedelta(hours=9), monotonic_s=3 * 3600),
    ]
    for gateway, order in zip(GATEWAYS, ([unsure, *good], [good[1], unsure, good[0]]), strict=True):
        for parcel in order:
            await deliver(database, gateway, [parcel])
            await count_all(database)
        assert set(await hours(database, gateway.id)) == {MIDNIGHT + timedelta(hours=each) for each in (0, 2, 9)}


async def test_impossible_times_are_replaced_by_the_time_of_arrival(database: Database) -> None:
    await register_gateways(database)
    early, late = datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    reports = [stretch(1, early, trusted=False), stretch(2, late), stretch(3, late, trusted=False)]
    await deliver(database, GATEWAYS[0], reports)
    await count_all(database)
    assert await hours(database) == {RECEIVED: (3, 900_000, 0)}


async def test_implausible_counts_are_refused(database: Database) -> None:
    await register_gateways(database)
    implausible = [
        stretch(1, MIDNIGHT, foreign_frames=2**50),
        stretch(2, MIDNIGHT, places=(place(1, 3_100_000),)),
        stretch(3, MIDNIGHT, advertised=(AdvertisedSeconds(beacon=BeaconId(UUID(int=7), 1, 9), seconds=1e9),)),
        stretch(4, MIDNIGHT, classes=(visits(2**52),)),
        stretch(5, MIDNIGHT),
    ]
    assert await deliver(database, GATEWAYS[0], implausible) == ["refused"] * 4 + ["accepted"]
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (1, 300_000, 300_000)}


async def test_a_stored_parcel_that_cannot_be_processed_is_set_aside_and_the_others_count(database: Database) -> None:
    await register_gateways(database)
    reports = [stretch(number, MIDNIGHT) for number in range(1, 6)]
    for report in reports:
        await deliver(database, GATEWAYS[0], [report])
    edge = encode(reports[2]).replace(b"2026-11-23T16:00:00Z", b"9999-12-31T23:59:59-23:59")
    bad = (b'[{"body":{"kind":"poem"}}]', None, b"[" + edge + b"]")
    async with database.write() as connection:
        for number, content in enumerate(bad, 1):
            packed = b"no gzip" if content is None else gzip.compress(content)
            await connection.execute(batches.update().where(batches.c.lowest == number).values(content=packed))
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (2, 600_000, 600_000)}
    await deliver(database, GATEWAYS[0], [stretch(6, MIDNIGHT)])
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (3, 900_000, 900_000)}
    await update_alerts(database, "drill", (), datetime.now(UTC))
    async with database.read() as connection:
        found = [alert for alert in await alerts.open_ones(connection, [TOP]) if alert.kind == "quarantined"]
    assert [(each.gateway, each.label, each.count, each.community) for each in found] == [
        ("a" * 16, "大厅", 3, "huada")
    ]


async def test_an_hour_that_is_counted_again_leaves_a_damaged_parcel_out(database: Database) -> None:
    await register_gateways(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT)])
    await deliver(database, GATEWAYS[0], [stretch(2, MIDNIGHT)])
    await deliver(database, GATEWAYS[0], [stretch(3, MIDNIGHT, trusted=False, boot="1" * 32)])
    await count_all(database)
    async with database.write() as connection:
        await connection.execute(batches.update().where(batches.c.lowest == 1).values(content=b"damaged"))
    await deliver(database, GATEWAYS[0], [stretch(4, MIDNIGHT)])
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (4, 1_200_000, 900_000)}
    moves = stretch(5, MIDNIGHT + 8 * timedelta(hours=1), boot="1" * 32, monotonic_s=5 * 3600)
    await deliver(database, GATEWAYS[0], [moves])
    await count_all(database)
    found = await hours(database)
    assert [found[MIDNIGHT + each * timedelta(hours=1)][0] for each in (0, 3, 8)] == [2, 1, 1]


async def test_a_gateway_with_endless_parcels_delays_no_other(database: Database) -> None:
    await register_gateways(database)
    for start in (0, 800, 1600):
        sent = [stretch(start + n, MIDNIGHT, trusted=False, end_trusted=False) for n in range(1, 801)]
        await deliver(database, GATEWAYS[0], sent)
    await deliver(database, GATEWAYS[1], [stretch(1, MIDNIGHT)])
    now = datetime.now(UTC)
    await count_new(database, now)
    await count_new(database, now)
    assert await hours(database, GATEWAYS[1].id) == {MIDNIGHT: (1, 300_000, 300_000)}
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (2400, 720_000_000, 0)}
    await deliver(database, GATEWAYS[0], [stretch(2401, MIDNIGHT + timedelta(hours=8), monotonic_s=5 * 3600)])
    while await count_new(database, now, max_merged=1000):
        pass
    assert 200 <= (await hours(database))[MIDNIGHT + timedelta(hours=3)][0] < 400, "it is counted again, to a limit"
    async with database.read() as connection:
        (found,) = await quarantine.since(connection, [TOP], now)
    assert (found.job, found.records) == ("figures", 1)


async def test_a_moved_gateway_leaves_its_figures_in_the_old_community(database: Database) -> None:
    await register_gateways(database)
    moved = replace(GATEWAYS[0], community="fengze")
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT), touched(3, MIDNIGHT, [count(visits=1)])])
    await deliver(database, moved, [stretch(2, MIDNIGHT), touched(4, MIDNIGHT, [count(visits=2)])])
    await count_all(database)
    table = gateway_figures.c
    wanted = select(table.community, func.sum(table.stretches)).where(table.span == "day").group_by(table.community)
    async with database.read() as connection:
        assert {tuple(row) for row in await connection.execute(wanted)} == {("huada", 1), ("fengze", 1)}
        touches = select(screen_figures.c.community, screen_figures.c.visits).where(screen_figures.c.span == "day")
        assert {tuple(row) for row in await connection.execute(touches)} == {("huada", 1), ("fengze", 2)}
        left = (await connection.execute(select(func.count()).select_from(uncounted))).scalar_one()
    assert left == 0
