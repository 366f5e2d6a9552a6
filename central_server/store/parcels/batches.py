"""The accepted parcels of one request and epoch, in one row: gzip of a JSON array, in the order of their arrival.

A thousand parcels are one row. The row also lists their sequence numbers, so that a number that comes twice is found
without an index entry for each.
"""

import asyncio
import gzip
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, literal, select, text, tuple_

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import batches
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import log_queries
from central_server.store.parcels.log_queries import Log, LogFilter
from sync_contract.records import Parcel
from sync_contract.wire_record import encode

_LEVEL = 1
"""gzip: intake waits for the compression."""
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class UnpackedBatch:
    """`contents`: the JSON of each parcel, by position."""

    gateway: str
    community: str
    received_at: datetime
    contents: Sequence[bytes]


_ADD = batches.insert().returning(batches.c.seq)


async def add(connection: Connection, gateway: Gateway, new: Sequence[Parcel], now: datetime) -> int:
    """Add the parcels, all of one epoch, as one batch. Return its number."""
    numbers = [parcel.n for parcel in new]
    intents = sum(parcel.body.kind == "intent" for parcel in new)
    row = {
        "gateway": gateway.id,
        "community": gateway.community,
        "received_at": now,
        "epoch": new[0].epoch,
        "lowest": min(numbers),
        "highest": max(numbers),
        "numbers": number_ranges(numbers),
        "intents": intents,
        "statistics": len(new) - intents,
        "content": pack(new),
    }
    return int((await connection.execute(_ADD, row)).scalar_one())


def pack(parcels: Sequence[Parcel]) -> bytes:
    return gzip.compress(encode(parcels), _LEVEL, mtime=0)


def unpack(content: bytes) -> list[bytes]:
    """Return the JSON of each parcel."""
    return list(map(bytes, _decode_array(zlib.decompress(content, wbits=31))))


async def unpacked(connection: Connection, seqs: Collection[int]) -> dict[int, UnpackedBatch]:
    columns = (batches.c.seq, batches.c.gateway, batches.c.community, batches.c.received_at, batches.c.content)
    found = (await connection.execute(select(*columns).where(batches.c.seq.in_(seqs)))).all()
    contents = await asyncio.to_thread(lambda: [unpack(row[4]) for row in found])  # each may have half a megabyte
    return {row[0]: UnpackedBatch(row[1], row[2], row[3], each) for row, each in zip(found, contents, strict=True)}


async def newest(
    connection: Connection, log_filter: LogFilter, limit: int, upto: tuple[datetime, int] | None
) -> list[Row[*tuple[Any, ...]]]:
    """Return seq, received_at and the number of matching parcels, newest first. `upto`: (received_at, seq), incl."""
    columns = batches.c
    of_kind = {"intent": columns.intents, "statistics": columns.statistics}
    every = columns.intents + columns.statistics
    matching = every if log_filter.kind is None else of_kind[log_filter.kind]
    statement = select(columns.seq, columns.received_at, matching.label("matching"))
    if log_filter.kind is not None:
        statement = statement.where(text(f"batches.{matching.name} > 0"))  # in the words of the partial index
    if upto is not None:
        at, seq = upto
        statement = statement.where(
            tuple_(columns.received_at, columns.seq) <= tuple_(literal(at, columns.received_at.type), literal(seq))
        )
    log = Log(batches, columns.received_at)
    return await log_queries.newest(connection, log, statement, log_filter, limit, rare=log_filter.kind == "intent")


async def numbered_alike(
    connection: Connection, gateway: str, epoch: str, seq: int, numbers: Sequence[int]
) -> frozenset[int]:
    """Return those of the ascending numbers that other batches have too."""
    columns = batches.c
    others = select(columns.numbers).where(*_spanning(gateway, epoch, numbers[0], numbers[-1]), columns.seq != seq)
    return frozenset(
        number
        for text in (await connection.execute(others)).scalars()
        for least, most in _read_ranges(text)
        for number in numbers[bisect_left(numbers, least) : bisect_right(numbers, most)]
    )


async def with_number(connection: Connection, gateway: str, epoch: str, number: int) -> list[bytes]:
    """Return all contents of the batches that have this number."""
    columns = batches.c
    found = await connection.execute(
        select(columns.numbers, columns.content).where(*_spanning(gateway, epoch, number, number))
    )
    return [
        content
        for text, packed in found
        if any(least <= number <= most for least, most in _read_ranges(text))
        for content in unpack(packed)
    ]


def _spanning(gateway: str, epoch: str, least: int, most: int) -> tuple[ColumnElement[bool], ...]:
    columns = batches.c
    return (columns.gateway == gateway, columns.epoch == epoch, columns.highest >= least, columns.lowest <= most)


def number_ranges(numbers: Sequence[int]) -> str:
    """Return the numbers as ranges, e.g. `1-4 6`."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(f"{least}-{most}" if most > least else f"{least}" for least, most in ranges)


def _read_ranges(text: str) -> list[tuple[int, int]]:
    ends = (part.split("-") for part in text.split())
    return [(int(part[0]), int(part[-1])) for part in ends]
