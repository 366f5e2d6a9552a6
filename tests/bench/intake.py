"""Measure the intake of parcels: complete requests to a real server, against bare asyncpg in the same run.

    python -m tests.bench.intake [--batches N] [--gateways N] [--profile FILE]

Batches are as large as the contract allows (1,000 parcels, 512 KiB). A request includes HTTP, signature, gunzip,
decoding, validation, storage with sync log and sequence, and receipts. Each gateway has one connection and sends its
requests in sequence; `--gateways` run in parallel. The reference inserts the same parcels as prepared rows, batch by
batch, through asyncpg's executemany on one connection, with ON CONFLICT DO NOTHING into a table with only a key. Both
alternate, and the median of the pairs counts, so the machine's speed does not matter.
"""

import argparse
import asyncio
import gzip
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import aiohttp
import asyncpg  # type: ignore[import-untyped]  # it has no types
import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Discriminator, Field, create_model

from central_server.enrolment.gateways import register
from central_server.intake.batch import read_batch
from central_server.store.engine import leases
from central_server.store.engine.database import Database, open_database, sqlite_url
from daemonkit.programs import Program, program
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    MAX_BATCH_BYTES,
    Batch,
    Parcel,
    ParcelReceipts,
    PlaceBeaconStatistics,
    Receipt,
)
from sync_contract.wire_record import WireRecord, decode, decoder, encode
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway, clock
from tests.postgres import running_postgres

CENTRAL = (sys.executable, "-m", "central_server")
BARE = (
    "CREATE TABLE bare (gateway text, id text, community text, kind text, epoch text, n bigint, fingerprint text,"
    " content text, received_at bigint, PRIMARY KEY (gateway, id))"
)
INTO_BARE = "INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"


def intent(gateway: DeliveringGateway) -> Parcel:
    return gateway.intent()


def quiet(gateway: DeliveringGateway) -> Parcel:
    """Return the statistics of five minutes without any frame."""
    return gateway.statistics()


def busy(gateway: DeliveringGateway) -> Parcel:
    """Return the statistics of five minutes with twenty place beacons; every report is different."""
    report = gateway.statistics()
    places = tuple(_place(minor, (gateway.n * 7 + minor * 3) % 97) for minor in range(20))
    return replace(report, body=replace(report.body, places=places))


def _place(minor: int, more: int) -> PlaceBeaconStatistics:
    return PlaceBeaconStatistics(
        beacon=BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, minor),
        frames=2900 + more,
        frames_without_rssi=0,
        frames_suspect=0,
        expected_frames=3000,
        heard_of_expected=2900 + more,
        longest_gap_ms=900,
        gap_histogram=(2000, 800, 99 + more, 0, 0, 0, 0, 0, 0),
        rssi_min=-70,
        rssi_max=-60,
        rssi_sum=-188_500 - 65 * more,
        rssi_histogram=(0,) * 7 + (900, 1000, 1000 + more) + (0,) * 6,
    )


def of_a_day(gateway: DeliveringGateway) -> Parcel:
    """Return the mix of an online gateway in a busy hall: 288 statistics and twenty intents a day."""
    return gateway.intent() if gateway.n % 15 == 7 else gateway.statistics()


@dataclass(frozen=True)
class Processors:
    """CPU seconds of these programs and their children, independent of other load."""

    pids: tuple[int, ...]

    def seconds(self) -> float:
        parents = {pid: int(fields[1]) for pid in _running() if (fields := _stat(pid))}
        measured = {pid for pid in parents if pid in self.pids or parents[pid] in self.pids}
        return sum(map(_used, measured))


def _running() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Return the fields from the process state on; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _used(pid: int) -> float:
    try:
        threads = [thread.joinpath("schedstat").read_text() for thread in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return 0.0
    return sum(int(each.split()[0]) for each in threads) / 1e9


@dataclass(frozen=True)
class Took:
    """Wall and CPU seconds of one batch."""

    wall: float
    cpu: float


KINDS: dict[str, Callable[[DeliveringGateway], Parcel]] = {
    "statistics of 20 beacons": busy,
    "statistics, nothing heard": quiet,
    "a day's mix": of_a_day,
    "intents": intent,
}


def batch_of(make: Callable[[DeliveringGateway], Parcel], gateway: DeliveringGateway, most: int) -> bytes:
    """Return a batch as full as the contract allows, with at most `most` parcels."""
    contents: list[bytes] = []
    size = 100
    while size < MAX_BATCH_BYTES and len(contents) < most:
        contents.append(encode(make(gateway)))
        size += len(contents[-1]) + 1
    return encode(
        Batch(contract=1, parcels=list(map(msgspec.Raw, contents[: -1 if size >= MAX_BATCH_BYTES else None])))
    )


@asynccontextmanager
async def server(folder: Path, store: str, argv: Sequence[str]) -> AsyncIterator[Program]:
    url = f'[store]\nurl = "{store}"\n' if store else ""
    (folder / "central.toml").write_text(url + CONFIG, encoding="utf-8")
    bank = (*CENTRAL, "bank-emulator", "--state-dir", str(folder / "bank"), "--port", "0")
    async with program("bank", bank, log=folder / "bank.log") as running:
        run = (
            *(*argv, "run", "--port", "0", "--config", str(folder / "central.toml")),
            *("--state-dir", str(folder / "state"), "--bank-url", running.url),
            *("--bank-credentials", str(folder / "bank")),
        )
        async with program("central", run, log=folder / "central.log") as central:
            yield central


@dataclass(frozen=True)
class Load:
    """The batches of one gateway in a round, delivered in sequence."""

    gateway: DeliveringGateway
    batches: Sequence[bytes]


async def deliver(loads: Sequence[Load], processors: Processors) -> Took:
    packed = [[gzip.compress(batch, 6) for batch in load.batches] for load in loads]
    used, began = processors.seconds(), time.perf_counter()
    answers = await asyncio.gather(*(_post(load.gateway, own) for load, own in zip(loads, packed, strict=True)))
    took = Took(time.perf_counter() - began, processors.seconds() - used)
    for status, body in (each for own in answers for each in own):
        assert status == 200, body
        assert {each.receipt for each in decode(ParcelReceipts, body).receipts} == {Receipt.accepted}
    return took


async def _post(gateway: DeliveringGateway, batches: Sequence[bytes]) -> list[tuple[int, bytes]]:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return [await gateway.post("/api/v1/parcels", each, headers) for each in batches]


async def insert(connection: asyncpg.Connection, loads: Sequence[Load], processors: Processors) -> Took:
    rows = [_rows(load.gateway.id, batch) for load in loads for batch in load.batches]
    used, began = processors.seconds(), time.perf_counter()
    for each in rows:
        await connection.executemany(INTO_BARE, each)
    return Took(time.perf_counter() - began, processors.seconds() - used)


def _rows(gateway: str, batch: bytes) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for raw in decode(Batch, batch).parcels:
        parcel, content = decode(Parcel, raw), bytes(raw)
        digest = hashlib.sha256(content).hexdigest()
        key = (gateway, parcel.id, "huada", parcel.body.kind, parcel.epoch, parcel.n)
        rows.append((*key, digest, content.decode(), 1))
    return rows


def decoding(make: Callable[[DeliveringGateway], Parcel]) -> tuple[float, ...]:
    """Return the speeds of decoding each parcel and of reading the batch, relative to a pydantic BaseModel's."""
    batch = batch_of(make, DeliveringGateway(), 1000)
    contents = list(map(bytes, decode(Batch, batch).parcels))
    model, ours = as_model(Parcel), decoder(Parcel).decode
    ways: tuple[Callable[[], object], ...] = (
        lambda: [model.model_validate_json(content) for content in contents],
        lambda: [ours(content) for content in contents],
        lambda: read_batch(batch),
    )
    theirs, *speeds = (min(times) for times in zip(*(map(_cpu, ways) for _ in range(40)), strict=True))
    return tuple(theirs / each for each in speeds)


@cache
def as_model(record: type[WireRecord]) -> type[BaseModel]:
    """Return a strict pydantic model with the fields of a struct."""
    tag = record.__struct_config__
    fields: dict[str, Any] = {
        name: (_as_models(kind), ...)
        for name, kind in get_type_hints(record, include_extras=True).items()
        if name in record.__struct_fields__
    }
    if tag.tag is not None:
        fields[str(tag.tag_field)] = (Literal[tag.tag], ...)
    config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    return create_model(record.__name__, __config__=config, **fields)


def _as_models(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, WireRecord):
        return as_model(kind)
    inner = tuple(map(_as_models, get_args(kind)))
    if isinstance(kind, UnionType):
        union = reduce(or_, inner)
        return Annotated[union, Discriminator("kind")] if len(inner) > 2 else union
    origin = get_origin(kind)
    if origin is Annotated:
        bounds = [each for each in kind.__metadata__ if not isinstance(each, msgspec.Meta)] or [
            Field(**{name: getattr(each, name) for name in _BOUNDS if getattr(each, name) is not None})
            for each in kind.__metadata__
        ]
        return Annotated[(inner[0], *bounds)]
    return origin[inner] if origin is tuple else kind


_BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length")


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


async def main() -> None:
    parser = argparse.ArgumentParser(description="Intake of parcels beside bare asyncpg.")
    parser.add_argument("--batches", type=int, default=20, help="of each kind and database")
    parser.add_argument(
        "--gateways", type=int, default=1, help="that deliver at the same time, two batches a round each"
    )
    parser.add_argument("--profile", type=Path, help="write cProfile's figures of the server on PostgreSQL there")
    arguments = parser.parse_args()
    print(
        "| | parcels a batch | parcels/s | bare, parcels/s | request : bare, median | upper quartile | by processor |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with running_postgres() as postgres:
        async with postgres.database() as url, postgres.database() as bare_url:
            await postgres.execute(bare_url, BARE)
            for name, store in (("PostgreSQL", url), ("SQLite", "")):
                with tempfile.TemporaryDirectory() as folder:
                    await measure(name, store, bare_url, Path(folder), arguments)
    for kind, make in KINDS.items():
        decoded, read = decoding(make)
        print(f"{kind}: decoding {decoded:.2f} times as fast as a BaseModel, reading the batch {read:.2f} times")


async def measure(name: str, store: str, bare_url: str, folder: Path, arguments: argparse.Namespace) -> None:
    argv: tuple[str, ...] = CENTRAL
    if arguments.profile and store:
        argv = (sys.executable, "-m", "cProfile", "-o", str(arguments.profile), "-m", "central_server")
    bare = await asyncpg.connect(bare_url)
    postgres = int(_stat(bare.get_server_pid())[1])
    (folder / "state").mkdir(mode=0o700)
    async with AsyncExitStack() as edges:
        where = store or sqlite_url(folder / "state" / "central.db")
        database = await edges.enter_async_context(open_database(where))
        await count_nothing(database)
        running = await edges.enter_async_context(server(folder, store, argv))
        ours = Processors((running.pid, postgres) if store else (running.pid,))
        theirs = Processors((os.getpid(), bare.get_server_pid()))
        session = await edges.enter_async_context(aiohttp.ClientSession())
        for kind, make in KINDS.items():
            gateways = [DeliveringGateway(session, running.url) for _ in range(arguments.gateways)]
            for gateway in gateways:
                await register(database, gateway.id, gateway.public, "huada", "hall", clock().wall)
            each_sends = 1 if arguments.gateways == 1 else 2
            taken: list[tuple[Took, Took]] = []
            loads: list[Load] = []
            for number in range(arguments.batches + 2):
                loads = [
                    Load(gateway, [batch_of(make, gateway, 1000) for _ in range(each_sends)]) for gateway in gateways
                ]
                pair = (await deliver(loads, ours), await insert(bare, loads, theirs))
                if number > 1:  # the first ones find everything cold
                    taken.append(pair)
            count = len(read_batch(loads[0].batches[0]))
            wall = sorted(each.wall / own.wall for own, each in taken)
            cpu = statistics.median(each.cpu / own.cpu for own, each in taken)
            each = [
                statistics.median(took.wall for took in way) / count / each_sends / len(gateways)
                for way in zip(*taken, strict=True)
            ]
            print(
                f"| {name}, {kind} | {count} | {1 / each[0]:,.0f} | {1 / each[1]:,.0f} | {statistics.median(wall):.2f}"
                f" | {wall[len(wall) * 3 // 4]:.2f} | {cpu:.2f} |",
                flush=True,
            )
    await bare.close()


async def count_nothing(database: Database) -> None:
    """Disable the counting of figures, which the server process does after the response."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        assert await leases.take(connection, "figures", "bench", now, now + timedelta(days=1))


if __name__ == "__main__":
    asyncio.run(main())
