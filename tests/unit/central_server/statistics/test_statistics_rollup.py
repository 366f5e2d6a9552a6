"""Figures by hour and day: counted once, in any order, on both databases."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from central_server.enrolment.gateways import register
from central_server.intake.batch import read_batch
from central_server.intake.receive import receive
from central_server.statistics.rollup import count_all, count_new
from central_server.store.engine.database import Database
from central_server.store.engine.tables import beacon_figures, gateway_figures, uncounted, visit_figures
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcel_times
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    Parcel,
    PlaceBeaconStatistics,
    canonical,
)
from sync_contract.strict_model import Environment

MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""In Beijing."""
RECEIVED = MIDNIGHT + timedelta(days=40)
GATEWAYS = [Gateway("a" * 16, "huada", "大厅"), Gateway("b" * 16, "fengze", "門口")]
PUBLIC = ["A" * 43, "B" * 43]


def place(beacon: int, frames: int) -> PlaceBeaconStatistics:
    heard = frames > 0
    return PlaceBeaconStatistics(
        beacon=BeaconId(UUID(int=7), 1, beacon),
        frames=frames,
        frames_without_rssi=0,
        frames_suspect=0,
        expected_frames=100,
        heard_of_expected=frames,
        longest_gap_ms=frames * 10,
        gap_histogram=(0, frames, *[0] * 7),
        rssi_min=max(-127, -60 - frames) if heard else None,
        rssi_max=-60 if heard else None,
        rssi_sum=-60 * frames,
        rssi_histogram=(*[0] * 9, frames, *[0] * 6),
    )


def stretch(
    n: int,
    start: datetime,
    *,
    trusted: bool = True,
    boot: str = "0" * 32,
    monotonic_s: float = 0,
    end_trusted: bool | None = None,
    **changes: Any,
) -> Parcel:
    """A report of five minutes, whose clock said `start`."""
    begun = ClockReading(wall=start, boot=boot, monotonic_ns=int(monotonic_s * 1e9), trusted=trusted)
    ended = ClockReading(
        wall=start + timedelta(minutes=5),
        boot=boot,
        monotonic_ns=int((monotonic_s + 300) * 1e9),
        trusted=trusted if end_trusted is None else end_trusted,
    )
    body: dict[str, Any] = {
        "start": begun,
        "seconds": 300,
        "foreign_frames": 3,
        "places": (place(1, n % 50), place(2, 0)),
        "classes": (ClassStatistics(tag_class="volunteer", arrivals=n % 3, dwell_histogram=(n % 3, *[0] * 7)),),
        "advertised": (AdvertisedSeconds(beacon=BeaconId(UUID(int=7), 1, 9), seconds=299.5),),
    }
    return Parcel(id=f"{n:032x}", epoch="e" * 16, n=n, clock=ended, body=BeaconStatistics(**(body | changes)))


async def known(database: Database) -> None:
    for gateway, public in zip(GATEWAYS, PUBLIC, strict=True):
        await register(database, gateway.id, public, gateway.community, gateway.label, MIDNIGHT)


async def deliver(database: Database, gateway: Gateway, batch: Sequence[Parcel], at: datetime = RECEIVED) -> list[str]:
    octets = b'{"contract":1,"parcels":[' + b",".join(canonical(parcel) for parcel in batch) + b"]}"
    receipts = await receive(database, gateway, read_batch(octets), Environment.drill, at)
    return [receipt["receipt"] for receipt in receipts]


async def arrive_anyhow(database: Database, gateway: Gateway, parcels: Sequence[Parcel], draw: random.Random) -> None:
    """In any order, some of them twice, in batches of any size, counted in between or not."""
    sent = [*parcels, *draw.choices(parcels, k=20)]
    draw.shuffle(sent)
    while sent:
        size = draw.randint(1, 25)
        await deliver(database, gateway, sent[:size])
        sent = sent[size:]
        if draw.random() < 0.5:
            await count_new(database)


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.read() as connection:
        return {
            table.name: [
                tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in (gateway_figures, beacon_figures, visit_figures)
        }


async def hours(database: Database, gateway: str = GATEWAYS[0].id) -> dict[datetime, tuple[int, int, int]]:
    """By hour: stretches, listened and sure milliseconds."""
    table = gateway_figures.c
    wanted = select(table.start, table.stretches, table.listened_ms, table.sure_ms).where(
        table.gateway == gateway, table.span == "hour"
    )
    async with database.read() as connection:
        return {row.start: (row.stretches, row.listened_ms, row.sure_ms) for row in await connection.execute(wanted)}


async def test_what_grew_bit_by_bit_is_what_a_count_from_the_beginning_gives(database: Database) -> None:
    """Random order, batches, duplicates, two gateways, clocks that are set late, and turns of counting in between."""
    await known(database)
    for seed in range(3):
        draw = random.Random(seed)
        for gateway in GATEWAYS:
            parcels = []
            for number in range(1, 60):
                boot = f"{number // 20 + seed:032x}"
                second = number % 20 * 300
                honest = MIDNIGHT + timedelta(days=number // 20, hours=22, seconds=second)
                # The second boot never gets a good clock; the others do, in their eleventh report.
                set_by_now = number // 20 != 1 and number % 20 > 10
                told = honest if set_by_now else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
                parcels.append(stretch(number + 100 * seed, told, trusted=set_by_now, boot=boot, monotonic_s=second))
            await arrive_anyhow(database, gateway, parcels, draw)
    await count_all(database)
    grown = await everything(database)
    assert sum(row[4] for row in grown["gateway_figures"] if row[1] == "hour") == 3 * 2 * 59
    async with database.write() as connection:
        await parcel_times.count_anew(connection)
    await count_all(database)
    assert await everything(database) == grown


async def test_days_are_the_sum_of_their_hours_and_begin_at_midnight_in_beijing(database: Database) -> None:
    await known(database)
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


async def test_a_report_that_comes_a_month_late_corrects_its_own_hour(database: Database) -> None:
    await known(database)
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT)], MIDNIGHT + timedelta(minutes=6))
    await count_all(database)
    await deliver(database, GATEWAYS[0], [stretch(2, MIDNIGHT + timedelta(minutes=5))], MIDNIGHT + timedelta(days=31))
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (2, 600_000, 600_000)}


async def test_a_clock_that_was_set_later_moves_what_was_counted_before(database: Database) -> None:
    await known(database)
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


async def test_the_first_good_reading_of_a_boot_tells_whichever_comes_first(database: Database) -> None:
    """The clock was set again later: by then it had nothing to do with what was counted before the first time."""
    await known(database)
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


async def test_nothing_happened_later_than_it_arrived_or_before_the_first_board(database: Database) -> None:
    await known(database)
    early, late = datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    reports = [stretch(1, early, trusted=False), stretch(2, late), stretch(3, late, trusted=False)]
    await deliver(database, GATEWAYS[0], reports)
    await count_all(database)
    assert await hours(database) == {RECEIVED: (3, 900_000, 0)}


async def test_counts_that_no_radio_can_have_made_are_refused(database: Database) -> None:
    await known(database)
    monstrous = [
        stretch(1, MIDNIGHT, foreign_frames=2**50),
        stretch(2, MIDNIGHT, places=(place(1, 3_100_000),)),
        stretch(3, MIDNIGHT, advertised=(AdvertisedSeconds(beacon=BeaconId(UUID(int=7), 1, 9), seconds=1e9),)),
        stretch(4, MIDNIGHT, classes=(ClassStatistics(tag_class="a", arrivals=2**52, dwell_histogram=(0,) * 8),)),
        stretch(5, MIDNIGHT),
    ]
    assert await deliver(database, GATEWAYS[0], monstrous) == ["refused"] * 4 + ["accepted"]
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (1, 300_000, 300_000)}


async def test_what_is_kept_of_a_contract_that_we_do_not_know_stops_nothing(database: Database) -> None:
    await known(database)
    for number in (1, 2):
        await deliver(database, GATEWAYS[0], [stretch(number, MIDNIGHT)])
    async with database.write() as connection:
        from central_server.store.engine.tables import batches
        from central_server.store.parcels.batch_compression import pack

        unknown = pack([b'{"body":{"kind":"poem"}}'])
        await connection.execute(batches.update().where(batches.c.lowest == 1).values(content=unknown))
    await count_all(database)
    assert await hours(database) == {MIDNIGHT: (1, 300_000, 300_000)}


async def test_a_gateway_that_moved_leaves_its_figures_where_they_were_made(database: Database) -> None:
    await known(database)
    moved = replace(GATEWAYS[0], community="fengze")
    await deliver(database, GATEWAYS[0], [stretch(1, MIDNIGHT)])
    await deliver(database, moved, [stretch(2, MIDNIGHT)])
    await count_all(database)
    table = gateway_figures.c
    wanted = select(table.community, func.sum(table.stretches)).where(table.span == "day").group_by(table.community)
    async with database.read() as connection:
        assert {tuple(row) for row in await connection.execute(wanted)} == {("huada", 1), ("fengze", 1)}
        left = (await connection.execute(select(func.count()).select_from(uncounted))).scalar_one()
    assert left == 0
