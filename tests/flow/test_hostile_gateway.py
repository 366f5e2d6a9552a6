"""A fleet at one server: one gateway sends every kind of hostile record, and the others are not affected.

tests/soak/test_hostile_gateway.py has a fleet of fifty.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func, select

from central_server.alerts.lifecycle import update_alerts
from central_server.enrolment.gateways import register
from central_server.server_options import ServerTimings
from central_server.statistics.periods import Span, period_of
from central_server.statistics.report import build_report
from central_server.store.engine.database import Database
from central_server.store.engine.tables import gateway_figures, quarantined, stale_hours, uncounted
from central_server.store.parcels import sync_log
from central_server.store.parcels.log_queries import LogFilter
from central_server.store.places.places import TOP
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.records import Door, ParcelReceipt, ParcelReceipts, Receipt
from sync_contract.wire_record import decode
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import as_json
from tests.fakes.enrolling_device import EnrollingDevice
from tests.fakes.hostile_records import changed_once, hostile_copies
from tests.unit.central_server.statistics_world import WALL, count, gift, stretch, touched

REPORTS, AT_A_TIME = 3, 300
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


async def test_one_hostile_gateway_affects_none_of_the_others(store_url: str, tmp_path: Path) -> None:
    await one_hostile_among(8, store_url, tmp_path, report_step=10)


async def one_hostile_among(gateways: int, store_url: str, folder: Path, *, report_step: int) -> None:
    """`report_step`: of the changed status reports, send each of this number."""
    at_once = ServerTimings(startup_delay_s=0)
    async with (
        running_bank(folder / "bank") as bank,
        running_central(folder / "central", bank, store=store_url, timings=at_once) as central,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session,
        central.database() as database,
    ):
        hostile, *honest = [EnrollingDevice(session, central.url) for _ in range(gateways)]
        for gateway in (hostile, *honest):
            await register(database, gateway.id, gateway.public, "huada", "大厅", datetime.now(UTC))
        async with asyncio.timeout(300):
            sending = asyncio.create_task(send_everything(hostile, report_step))
            receipts = await asyncio.gather(*map(send_reports, honest))
            await sending
            assert all(each.receipt is Receipt.accepted for some in receipts for each in some)
            await wait_until_counted(database)
            await look_at_everything(database)
            assert await counted(database, [each.id for each in honest]) == [(REPORTS * len(honest), 900_000)]
        await check_health(session, central)


async def send_reports(gateway: EnrollingDevice) -> Sequence[ParcelReceipt]:
    parcels = [stretch(number, START + timedelta(minutes=5 * number)) for number in range(1, REPORTS + 1)]
    assert (await gateway.report())[0] == 200
    return await gateway.deliver([*parcels, gateway.intent()])


async def send_everything(gateway: EnrollingDevice, report_step: int) -> None:
    """Send each record with each field changed, some again, and reports with each field changed."""
    results = set[Receipt]()
    every = list(batches())
    for batch in (*every, every[-1]):
        status, body = await gateway.post_batch({"contract": 1, "parcels": batch})
        assert status == 200, body
        results |= {each.receipt for each in decode(ParcelReceipts, body).receipts}
    assert results == set(Receipt)
    for changed in islice(changed_once(json.loads(gateway.report_body())), None, None, report_step):
        assert (await gateway.post_json("/api/v1/reports", json.dumps(changed).encode()))[0] < 500


def batches() -> Iterator[list[dict[str, Any]]]:
    screen = [count("lunch", Door.tag, beacon=WALL, visits=2, opened=1)]
    samples = (stretch(1, START), touched(2, START, screen), gift(3, START, beacon=WALL))
    for sample in (*samples, touched(4, START, trusted=False)):
        copies = [*hostile_copies(sample), as_json(sample), as_json(sample) | {"n": 2}]
        yield from (copies[start : start + AT_A_TIME] for start in range(0, len(copies), AT_A_TIME))


async def wait_until_counted(database: Database) -> None:
    while True:
        async with database.read() as connection:
            left = [
                (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in (uncounted, stale_hours)
            ]
        if not any(left):
            return
        await asyncio.sleep(0.05)


async def look_at_everything(database: Database) -> None:
    """Run what reads the hostile records and does not run by itself every second. Nothing is set aside."""
    now = datetime.now(UTC)
    await update_alerts(database, "drill", (), now)
    async with database.read() as connection:
        for span in Span:
            await build_report(connection, FigureScope(frozenset({TOP})), period_of(span, now.date()), "drill", now)
        assert await sync_log.page(connection, LogFilter(tops=frozenset({TOP})), 5000)
        assert (await connection.execute(select(quarantined.c.cause))).all() == []


async def counted(database: Database, gateways: Sequence[str]) -> list[tuple[int, int]]:
    """Return the reports of these gateways together, and the listened milliseconds of each."""
    table = gateway_figures.c
    sums = select(func.sum(table.stretches).label("reports"), func.sum(table.listened_ms).label("ms"))
    each = sums.where(table.span == "hour", table.gateway.in_(gateways)).group_by(table.gateway).subquery()
    statement = select(func.sum(each.c.reports), each.c.ms).group_by(each.c.ms)
    async with database.read() as connection:
        return [(int(reports), int(ms)) for reports, ms in await connection.execute(statement)]


async def check_health(session: aiohttp.ClientSession, central: RunningCentral) -> None:
    async with session.get(f"{central.url}/healthz") as answer:
        health = await answer.json()
    assert (answer.status, health["degraded"]) == (200, [])
    assert all(stage["restarts"] == 0 for stage in health["stages"].values()), health
