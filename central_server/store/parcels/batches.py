"""What requests brought and was accepted: parcels of one epoch, packed as they came, in the order of their ids.

A thousand parcels are one row here. Which numbers they have stands beside them, so that a number that comes twice is
found without an entry in an index for each.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, literal, select, text, tuple_, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import batches
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import log_queries
from central_server.store.parcels.batch_compression import unpack
from central_server.store.parcels.log_queries import Log, Wanted


@dataclass(frozen=True, slots=True)
class NewBatch:
    """`numbers`: of each of its parcels. `intents`, `statistics`: how many of them are. `content`: packed."""

    epoch: str
    numbers: Sequence[int]
    intents: int
    statistics: int
    content: bytes


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """`contents`: the JSON of its parcels, by position."""

    gateway: str
    community: str
    received_at: datetime
    contents: Sequence[bytes]


_ADD = batches.insert().returning(batches.c.seq)


async def add(connection: Connection, gateway: Gateway, new: NewBatch, now: datetime) -> int:
    """Its number."""
    here = {"gateway": gateway.id, "community": gateway.community, "received_at": now}
    return int((await connection.execute(_ADD, here | _columns(new))).scalar_one())


async def replace(connection: Connection, seq: int, new: NewBatch | None) -> None:
    """Only for a batch of the running transaction: not all of it was accepted. None: nothing of it was."""
    here = batches.c.seq == seq
    await connection.execute(
        delete(batches).where(here) if new is None else update(batches).where(here).values(_columns(new))
    )


async def opened(connection: Connection, seqs: Collection[int]) -> dict[int, OpenedBatch]:
    columns = (batches.c.seq, batches.c.gateway, batches.c.community, batches.c.received_at, batches.c.content)
    found = await connection.execute(select(*columns).where(batches.c.seq.in_(seqs)))
    return {row[0]: OpenedBatch(row[1], row[2], row[3], unpack(row[4])) for row in found}


async def newest(
    connection: Connection, wanted: Wanted, limit: int, upto: tuple[datetime, int] | None
) -> list[Row[*tuple[Any, ...]]]:
    """seq, received_at and how many of the kind that is wanted, newest first. `upto`: (received_at, seq) or before."""
    columns = batches.c
    of_kind = {"intent": columns.intents, "statistics": columns.statistics}
    every = columns.intents + columns.statistics
    held = every if wanted.kind is None else of_kind[wanted.kind]
    statement = select(columns.seq, columns.received_at, held.label("held"))
    if wanted.kind is not None:
        statement = statement.where(text(f"batches.{held.name} > 0"))  # in the words of the partial index
    if upto is not None:
        at, seq = upto
        statement = statement.where(
            tuple_(columns.received_at, columns.seq) <= tuple_(literal(at, columns.received_at.type), literal(seq))
        )
    log = Log(batches, columns.received_at)
    return await log_queries.newest(connection, log, statement, wanted, limit, rare=wanted.kind == "intent")


async def numbered_alike(
    connection: Connection, gateway: str, epoch: str, seq: int, numbers: Sequence[int]
) -> frozenset[int]:
    """Those of the numbers, in their order, that other batches have too."""
    columns = batches.c
    others = select(columns.numbers).where(*_spanning(gateway, epoch, numbers[0], numbers[-1]), columns.seq != seq)
    return frozenset(
        number
        for text in (await connection.execute(others)).scalars()
        for least, most in _stretches(text)
        for number in numbers[bisect_left(numbers, least) : bisect_right(numbers, most)]
    )


async def with_number(connection: Connection, gateway: str, epoch: str, number: int) -> list[bytes]:
    """All contents of the batches that have this number."""
    columns = batches.c
    found = await connection.execute(
        select(columns.numbers, columns.content).where(*_spanning(gateway, epoch, number, number))
    )
    return [
        content
        for text, packed in found
        if any(least <= number <= most for least, most in _stretches(text))
        for content in unpack(packed)
    ]


def _spanning(gateway: str, epoch: str, least: int, most: int) -> tuple[ColumnElement[bool], ...]:
    columns = batches.c
    return (columns.gateway == gateway, columns.epoch == epoch, columns.highest >= least, columns.lowest <= most)


def _columns(new: NewBatch) -> dict[str, object]:
    return {
        "epoch": new.epoch,
        "lowest": min(new.numbers),
        "highest": max(new.numbers),
        "numbers": numbered(new.numbers),
        "intents": new.intents,
        "statistics": new.statistics,
        "content": new.content,
    }


def numbered(numbers: Sequence[int]) -> str:
    """`1-4 6`: what follows on each other is one stretch."""
    least, most = min(numbers), max(numbers)
    if most - least + 1 == len(numbers) == len(set(numbers)):  # mostly
        return f"{least}-{most}" if most > least else f"{least}"
    stretches: list[list[int]] = []
    for number in sorted(numbers):
        if stretches and number <= stretches[-1][1] + 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    return " ".join(f"{least}-{most}" if most > least else f"{least}" for least, most in stretches)


def _stretches(text: str) -> list[tuple[int, int]]:
    ends = (stretch.split("-") for stretch in text.split())
    return [(int(stretch[0]), int(stretch[-1])) for stretch in ends]
