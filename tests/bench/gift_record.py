"""Measure how long the gateway takes to record one gift, beside aiosqlite with the same rows in the same run.

    python -m tests.bench.gift_record [--gifts N] [--rounds N]

The reference is what one would write first: aiosqlite, WAL and FULL, an ordinary table of intents with a UNIQUE key
and one of parcels, both rows in one transaction. The gifts of both sides alternate, and the medians of each round are
compared, so the machine's speed does not matter. Bytes are those of the file after a checkpoint. The files are in
TMPDIR: on a disk its synchronisation takes most of the time, in memory the programs do.
"""

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentRegistered, Parcel
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import encode

_TARGET = 1.25
_BYTES_TARGET = 1.5
_REFERENCE = """
CREATE TABLE intents (id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE, environment TEXT NOT NULL,
    project TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, beacon TEXT, door TEXT NOT NULL,
    handoff TEXT NOT NULL, catalogue_version INTEGER NOT NULL, recorded_at TEXT NOT NULL,
    clock_trusted INTEGER NOT NULL);
CREATE TABLE outbox (id TEXT NOT NULL UNIQUE, n INTEGER NOT NULL, kind TEXT NOT NULL, parcel TEXT NOT NULL);
"""
Record = Callable[[Intent, ClockReading], Awaitable[object]]


def new_gift() -> tuple[Intent, ClockReading]:
    intent = Intent(
        new_id(), Environment.drill, "lunch", Money(5000), None, Door.touch, HandoffKind.ticket, catalogue_version=1
    )
    return intent, ClockReading(wall=datetime.now(UTC), boot="0" * 32, monotonic_ns=time.monotonic_ns(), trusted=True)


class Reference:
    """The same facts through aiosqlite."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._n = 0

    async def record(self, intent: Intent, clock: ClockReading) -> None:
        self._n += 1
        body = IntentRegistered(
            environment=intent.environment, project=intent.project, amount_minor=intent.amount.minor,
            currency=intent.amount.currency, beacon=None, door=intent.door, handoff=intent.handoff,
            catalogue_version=intent.catalogue_version,
        )  # fmt: skip
        parcel = encode(Parcel(id=intent.id, epoch="0" * 16, n=self._n, clock=clock, body=body)).decode()
        row = (
            intent.id, intent.id, intent.environment, intent.project, intent.amount.minor, intent.amount.currency,
            None, intent.door, intent.handoff, intent.catalogue_version, clock.wall.isoformat(), 1,
        )  # fmt: skip
        await self._connection.execute("BEGIN IMMEDIATE")
        await self._connection.execute(f"INSERT INTO intents VALUES ({', '.join('?' * 12)})", row)
        await self._connection.execute("INSERT INTO outbox VALUES (?, ?, 'intent', ?)", (intent.id, self._n, parcel))
        await self._connection.commit()


async def median_s(records: Sequence[Record], gifts: int) -> list[float]:
    """Return the median seconds of each side; their gifts alternate."""
    taken: list[list[float]] = [[] for _ in records]
    for _ in range(gifts):
        for record, times in zip(records, taken, strict=True):
            gift = new_gift()
            began = time.perf_counter()
            await record(*gift)
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]


def used_bytes(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((pages,),) = connection.execute("PRAGMA page_count")
        ((size,),) = connection.execute("PRAGMA page_size")
    return int(pages * size)


async def measure(folder: Path, gifts: int, rounds: int) -> tuple[list[float], float, float]:
    """Return the ratio of each round, our milliseconds, and the ratio of bytes per gift."""
    async with AsyncExitStack() as edges:
        database = await edges.enter_async_context(open_database(folder / "gateway.db"))
        plain = await edges.enter_async_context(aiosqlite.connect(folder / "plain.db", isolation_level=None))
        await plain.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_REFERENCE}")
        log, reference = Intents(database), Reference(plain)

        async def ours(intent: Intent, clock: ClockReading) -> None:
            await log.record(intent, key=intent.id, clock=clock)

        empty = used_bytes(folder / "gateway.db"), used_bytes(folder / "plain.db")
        pairs = [await median_s((ours, reference.record), gifts) for _ in range(rounds)]
        full = used_bytes(folder / "gateway.db"), used_bytes(folder / "plain.db")
    ratio = (full[0] - empty[0]) / (full[1] - empty[1])
    return [one / other for one, other in pairs], 1000 * statistics.median(one for one, _ in pairs), ratio


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gifts", type=int, default=200, help="of each round and side")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ratios, ours_ms, size = asyncio.run(measure(Path(folder), options.gifts, options.rounds))
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"one gift: {ours_ms:.2f} ms, {statistics.median(ratios):.2f} × aiosqlite ({spread}; target {_TARGET})")
    print(f"bytes of a gift, two rows: {size:.2f} × rowid and UNIQUE (target {_BYTES_TARGET})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
