"""Measure the pages and exports of a server with a year of figures and many gifts, on both databases.

    python -m tests.bench.large_server [--gateways N] [--gifts N]

A real server process serves ten gateways that reported every five minutes for a year (a million parcels, as the hours
and days that they were counted into) and their gifts. Each page of figures is opened several times. Then all gifts are
downloaded as CSV and XLSX, while /healthz is requested in sequence.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import aiohttp
from sqlalchemy import Table, text

from central_server.accounts.access import Role
from central_server.enrolment.gateways import register
from central_server.statistics.event_times import day, hour
from central_server.store.engine import bulk_insert
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.engine.tables import (
    beacon_figures,
    gateway_figures,
    intents,
    moments,
    screen_figures,
    state_changes,
    visit_figures,
)
from central_server.store.places.places import TOP
from tests.bench.intake import CENTRAL, server
from tests.fakes.donor import Donor
from tests.fakes.staff_account import set_password
from tests.postgres import running_postgres

PASSWORD = "correct horse battery"
DAYS, BEACONS = 728, 3
"""Two years: figures are compared with the period before."""
OPENED = 7
FIGURES_S, HEALTH_S = 0.3, 0.1
_FIGURE_TABLES = (gateway_figures, beacon_figures, visit_figures, screen_figures)


async def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench large_server")
    parser.add_argument("--gateways", type=int, default=10)
    parser.add_argument("--gifts", type=int, default=50_000)
    options = parser.parse_args()
    met = True
    with running_postgres() as postgres:
        async with postgres.database() as url:
            for name, store in (("SQLite", ""), ("PostgreSQL", url)):
                with tempfile.TemporaryDirectory() as folder:
                    met = await _measure(name, store, Path(folder), options) and met
    return 0 if met else 1


async def _measure(name: str, store: str, folder: Path, options: argparse.Namespace) -> bool:
    (folder / "state").mkdir(mode=0o700)
    async with AsyncExitStack() as edges:
        running = await edges.enter_async_context(server(folder, store, CENTRAL))
        where = store or sqlite_url(folder / "state" / "central.db")
        async with open_database(where) as database:
            await _fill(database, options.gateways, options.gifts)
        jar = aiohttp.CookieJar(unsafe=True)
        session = await edges.enter_async_context(aiohttp.ClientSession(running.url, cookie_jar=jar))
        donor = Donor(session)
        await donor.press(await donor.open(f"{running.url}/staff/login"), name="chief", password=PASSWORD)
        slowest = 0.0
        for span in ("month", "quarter", "year"):
            for by in ("beacon", "project", "gateway", "community"):
                took = await _opened(session, f"/staff/figures?span={span}&by={by}")
                slowest = max(slowest, took)
                print(f"{name:<11}figures, {span}, by {by}: {took * 1000:.0f} ms", flush=True)
        idle = await _health(session, asyncio.create_task(asyncio.sleep(3)))
        print(f"{name:<11}/healthz, idle: p99 {idle * 1000:.0f} ms")
        worst = 0.0
        for form in ("csv", "xlsx"):
            before, began = _peak_mb(running.pid), time.perf_counter()
            download = asyncio.create_task(_downloaded(session, f"/staff/gifts.{form}"))
            p99 = await _health(session, download)
            worst = max(worst, p99)
            size, first_s = download.result()
            print(
                f"{name:<11}gifts.{form}: {size / 1e6:.1f} MB in {time.perf_counter() - began:.1f} s, first byte after"
                f" {first_s * 1000:.0f} ms, /healthz meanwhile p99 {p99 * 1000:.0f} ms,"
                f" peak memory +{_peak_mb(running.pid) - before:.1f} MB",
                flush=True,
            )
        return slowest <= FIGURES_S and worst <= HEALTH_S


async def _opened(session: aiohttp.ClientSession, path: str) -> float:
    took = []
    for _ in range(OPENED):
        began = time.perf_counter()
        async with session.get(path) as answer:
            assert answer.status == 200, answer.status
            await answer.read()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def _downloaded(session: aiohttp.ClientSession, path: str) -> tuple[int, float]:
    """Return the bytes and the seconds to the first of them."""
    began = time.perf_counter()
    async with session.get(path, timeout=aiohttp.ClientTimeout(total=None)) as answer:
        assert answer.status == 200, answer.status
        size, first_s = 0, 0.0
        async for part in answer.content.iter_any():
            first_s = first_s or time.perf_counter() - began
            size += len(part)
    return size, first_s


async def _health(session: aiohttp.ClientSession, beside: "asyncio.Task[object]") -> float:
    """Return the 99th percentile of the seconds of a request while `beside` runs."""
    took = []
    while not beside.done():
        began = time.perf_counter()
        async with session.get("/healthz") as answer:
            await answer.read()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    await beside
    return sorted(took)[len(took) * 99 // 100]


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def _fill(database: Database, gateways: int, gifts: int) -> None:
    now = datetime.now(UTC)
    ids = [f"{number:016x}" for number in range(gateways)]
    for number, gateway in enumerate(ids):
        await register(database, gateway, gateway.ljust(43, "A"), "huada", f"大厅 {number}", now - timedelta(days=DAYS))
    await set_password(database, "chief", PASSWORD, now, place=TOP, role=Role.chief)
    for table in _FIGURE_TABLES:
        for gateway in ids:
            await _add(database, table, _figure_rows(table, gateway, now))
    for make, table in ((_intent, intents), (_moment, moments), (_change, state_changes)):
        await _add(database, table, (make(number, ids, now) for number in range(gifts)))
    async with database.write() as connection:
        await connection.execute(text("ANALYZE"))


async def _add(database: Database, table: Table, rows: Iterator[dict[str, object]]) -> None:
    while some := list(islice(rows, 2000)):
        async with database.write() as connection:
            await bulk_insert.add(connection, table, tuple(some[0]), [tuple(row.values()) for row in some])


def _figure_rows(table: Table, gateway: str, now: datetime) -> Iterator[dict[str, object]]:
    key = [column.name for column in table.primary_key.columns if column.name not in _SPAN]
    counted = {column.name: 12 for column in table.columns if not column.primary_key}
    if table is gateway_figures:
        counted |= {"listened_ms": 3_600_000, "sure_ms": 3_600_000}
    first = day(now) - timedelta(days=DAYS - 1)
    for span, step in (("hour", timedelta(hours=1)), ("day", timedelta(days=1))):
        start = first
        while start <= (hour(now) if span == "hour" else day(now)):
            for number in range(BEACONS if table is beacon_figures else 1):
                beacon = f"fda50693-a4e2-4fb1-afcf-c6eb07647825/10/{number}"
                fixed = {"beacon": beacon, "tag_class": "volunteer", "project": "lunch", "door": "touch"}
                yield {
                    "gateway": gateway, "span": span, "start": start, "community": "huada",
                    **{name: fixed[name] for name in key}, **counted,
                }  # fmt: skip
            start += step


_SPAN = ("gateway", "span", "start", "community")


def _at(number: int, now: datetime) -> datetime:
    return now - timedelta(minutes=number * 10)


def _intent(number: int, ids: Sequence[str], now: datetime) -> dict[str, object]:
    return {
        "gateway": ids[number % len(ids)], "id": f"{number:032x}", "community": "huada", "environment": "drill",
        "project": "lunch", "amount_minor": 5000, "currency": "CNY", "beacon": None, "catalogue_version": 1,
        "handoff": "ticket", "door": "touch", "first_seen_at": _at(number, now), "first_seen_in": "parcel",
        "state": "handed_off", "slip": "", "code": None,
    }  # fmt: skip


def _moment(number: int, ids: Sequence[str], now: datetime) -> dict[str, object]:
    return {
        "gateway": ids[number % len(ids)], "parcel": f"{number:032x}", "community": "huada", "kind": "intent",
        "at": _at(number, now), "sure": True, "unsure_boot": None,
    }  # fmt: skip


def _change(number: int, ids: Sequence[str], now: datetime) -> dict[str, object]:
    return {
        "community": "huada", "gateway": ids[number % len(ids)], "intent": f"{number:032x}", "attempt": None,
        "before": "registered", "after": "handed_off", "at": _at(number, now), "cause": "ticket", "evidence": "",
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
