"""Measure the longest write transaction of the periodic jobs on SQLite, where all others wait for it.

    python -m tests.bench.job_writes [--hours N]

One gateway reports the most beacons that a record may name, every hour of a day: the figures are counted, then alerts,
visitors, boots and presence passes have their turn. Target: 100 ms.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from central_server.alerts.lifecycle import update_alerts
from central_server.enrolment.gateways import register
from central_server.statistics.rollup import count_new
from central_server.store.api import presence_passes
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.enrolment import gateway_reports
from central_server.store.statistics import visitors
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import PlaceBeaconStatistics
from tests.fakes.delivering_gateway import DeliveringGateway, clock
from tests.fakes.stored_parcels import received

BEACONS = 550
TARGET_MS = 100
NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


class TimedWrites:
    """Replaces `Database.write` of one database and remembers the longest since `reset`."""

    def __init__(self, database: Database) -> None:
        self.longest_s = self.longest_cpu_s = 0.0
        self._write = database.write
        database.write = self.write  # type: ignore[method-assign]  # of this instance only

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        async with cast(AbstractAsyncContextManager[Connection], self._write()) as connection:
            began, cpu = time.perf_counter(), time.process_time()
            yield connection
        self.longest_s = max(self.longest_s, time.perf_counter() - began)
        self.longest_cpu_s = max(self.longest_cpu_s, time.process_time() - cpu)

    def reset(self) -> tuple[float, float]:
        """Return the longest write by the clock and by processor time, in milliseconds."""
        longest = 1000 * self.longest_s, 1000 * self.longest_cpu_s
        self.longest_s = self.longest_cpu_s = 0.0
        return longest


def place(minor: int) -> PlaceBeaconStatistics:
    return PlaceBeaconStatistics(
        beacon=BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, minor), frames=2900, frames_without_rssi=0,
        frames_suspect=0, expected_frames=3000, heard_of_expected=2900, longest_gap_ms=900,
        gap_histogram=(2000, 800, 99, 0, 0, 0, 0, 0, 0), rssi_min=-70, rssi_max=-60, rssi_sum=-188_500,
        rssi_histogram=(0,) * 7 + (900, 1000, 1000) + (0,) * 6,
    )  # fmt: skip


async def measure(folder: Path, hours: int) -> dict[str, tuple[float, float]]:
    """Return the longest write of each job, as `TimedWrites.reset` does."""
    found: dict[str, tuple[float, float]] = {}
    async with open_database(sqlite_url(folder / "central.db")) as database:
        gateway, places = DeliveringGateway(), tuple(map(place, range(BEACONS)))
        await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
        timed = TimedWrites(database)
        for number in range(hours):
            at = NOW + timedelta(hours=number)
            report = gateway.statistics()
            report = replace(report, clock=replace(clock(), wall=at), body=replace(report.body, places=places))
            await received(database, gateway.id, "huada", [report], at)
            timed.reset()
            while await count_new(database, at):
                pass
            one, other = found.get("figures", (0.0, 0.0)), timed.reset()
            found["figures"] = max(one[0], other[0]), max(one[1], other[1])
        for name, work in (
            ("alerts", partial(update_alerts, database, "drill", (), NOW + timedelta(days=2))),
            ("visitors", partial(database.written, partial(visitors.forget_oldest, before=NOW))),
            ("boots", partial(database.written, gateway_reports.forget_boots)),
            ("presence passes", partial(database.written, partial(presence_passes.forget, now=NOW))),
        ):
            await work()
            found[name] = timed.reset()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, (longest_ms, cpu_ms) in asyncio.run(measure(Path(folder), options.hours)).items():
            print(f"{name:20} {longest_ms:7.1f} ms, of processor time {cpu_ms:6.1f} (target {TARGET_MS})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
