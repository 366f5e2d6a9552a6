"""Measure the longest write of each periodic job on SQLite, where all others wait for it, and its longest step.

    python -m tests.bench.job_writes [--rounds N] [--scale N]

Each job works on tables as they are after a busy time (`job_worlds`). A write should take at most 100 ms, and a step
of the event loop at most 50 ms. The load of the machine stretches what the clock shows: processor time is what counts,
and of several rounds the least and the median.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, open_database, sqlite_url
from tests.bench.job_worlds import WORLDS, World

WRITE_MS, STEP_MS = 100, 50


@dataclass(frozen=True)
class Longest:
    """In milliseconds: a write by the clock and by processor time, and a step of the event loop by processor time."""

    wall: float
    cpu: float
    step: float


class TimedWrites:
    """Replaces `Database.write` of one database and remembers the longest one."""

    def __init__(self, database: Database) -> None:
        self.wall_s = self.cpu_s = 0.0
        self._write = database.write
        database.write = self.write  # type: ignore[method-assign]  # of this instance only

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        async with cast(AbstractAsyncContextManager[Connection], self._write()) as connection:
            wall, cpu = time.perf_counter(), time.process_time()
            yield connection
        self.wall_s = max(self.wall_s, time.perf_counter() - wall)
        self.cpu_s = max(self.cpu_s, time.process_time() - cpu)


@contextmanager
def longest_step() -> Iterator[list[float]]:
    """Measure the steps of the event loop in processor seconds of its thread; the list has the longest."""
    longest, run = [0.0], asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> Any:
        began = time.thread_time()
        run(handle)
        longest[0] = max(longest[0], time.thread_time() - began)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # the loop offers no hook for each step
    try:
        yield longest
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]  # as it was


async def measure(world: World, scale: int) -> Longest:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(sqlite_url(Path(folder, "central.db"))) as database:
            work = await world.fill(database, scale)
            timed = TimedWrites(database)
            with longest_step() as step:
                await work()
            return Longest(1000 * timed.wall_s, 1000 * timed.cpu_s, 1000 * step[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=100, help="percent of the full tables")
    parser.add_argument("--only", default="", help="the job to measure; all by default")
    options = parser.parse_args()
    missed = False
    for name, world in WORLDS.items():
        if options.only not in ("", name):
            continue
        rounds = [asyncio.run(measure(world, options.scale)) for _ in range(options.rounds)]
        wall, cpu, step = ([getattr(each, field) for each in rounds] for field in ("wall", "cpu", "step"))
        shown = (f"{min(found):6.1f} {statistics.median(found):6.1f}" for found in (wall, cpu, step))
        print(f"{name:16}", *shown, flush=True)
        missed |= min(cpu) > WRITE_MS or min(step) > STEP_MS
    print("least and median, ms: write by the clock, write by processor time (100), step of the loop (50)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
