"""Measure how fast new parcels are counted into figures, and how much a hostile gateway delays the others.

    python -m tests.bench.counting [--gateways N] [--hours N]

Each gateway sends a report of five minutes with two beacons, twelve an hour, in batches as large as the contract
allows. The second run has one gateway more, which sends ten times as much as all others together, all of one hour;
counted is the time until the others are complete. Both runs alternate on both databases; the median of the pairs
counts, so the machine's speed does not matter.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from central_server.enrolment.gateways import register
from central_server.statistics.rollup import count_new
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.engine.tables import uncounted
from central_server.store.enrolment.gateways import Gateway
from sync_contract.records import MAX_PARCELS, Parcel
from tests.postgres import running_postgres
from tests.unit.central_server.statistics_world import MIDNIGHT, RECEIVED, deliver, stretch

HOSTILE = Gateway("f" * 16, "huada", "hostile")
_IN_AN_HOUR = 12
_PAIRS = 3
GOAL_PER_S, GOAL_SLOWER = 20_000, 1.05


def main() -> int:
    reader = argparse.ArgumentParser(prog="./dev bench counting")
    reader.add_argument("--gateways", type=int, default=20)
    reader.add_argument("--hours", type=int, default=48)
    options = reader.parse_args()
    parcels = options.gateways * options.hours * _IN_AN_HOUR
    met = True
    with running_postgres() as postgres:
        for name, new_database in {"sqlite": _sqlite, "postgresql": postgres.empty}.items():
            pairs = [
                [
                    asyncio.run(measure(new_database(), options.gateways, options.hours, hostile=hostile))
                    for hostile in (False, True)
                ]
                for _ in range(_PAIRS)
            ]
            rate = parcels / statistics.median(alone for alone, _ in pairs)
            slower = statistics.median(beside / alone for alone, beside in pairs)
            met = met and rate >= GOAL_PER_S and slower <= GOAL_SLOWER
            print(
                f"{name:<11}{rate:8,.0f} parcels/s ({GOAL_PER_S:,}); beside a hostile gateway {slower:.2f} × the time"
            )
    return 0 if met else 1


@asynccontextmanager
async def _sqlite() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield sqlite_url(Path(folder) / "central.db")


async def measure(new: AbstractAsyncContextManager[str], gateways: int, hours: int, *, hostile: bool) -> float:
    """Return the seconds until the honest gateways' parcels are counted."""
    async with new as url, open_database(url) as database:
        honest = [Gateway(f"{number:016x}", "huada", f"gateway {number}") for number in range(gateways)]
        times = [
            MIDNIGHT + timedelta(hours=hour, minutes=60 / _IN_AN_HOUR * n)
            for hour in range(hours)
            for n in range(_IN_AN_HOUR)
        ]
        for gateway in honest:
            await _fill(database, gateway, [stretch(n, at) for n, at in enumerate(times, 1)])
        if hostile:
            number = 10 * gateways * len(times)
            await _fill(database, HOSTILE, [stretch(n, MIDNIGHT) for n in range(1, number + 1)])
        began = time.perf_counter()
        while await _waiting(database, honest):
            await count_new(database, RECEIVED)
        return time.perf_counter() - began


async def _fill(database: Database, gateway: Gateway, parcels: list[Parcel]) -> None:
    await register(database, gateway.id, gateway.id.ljust(43, "A"), gateway.community, gateway.label, MIDNIGHT)
    for start in range(0, len(parcels), MAX_PARCELS):
        await deliver(database, gateway, parcels[start : start + MAX_PARCELS])


async def _waiting(database: Database, gateways: list[Gateway]) -> int:
    columns = uncounted.c
    async with database.read() as connection:
        rows = select(func.count()).where(columns.gateway.in_([each.id for each in gateways]))
        return int((await connection.execute(rows)).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
