"""The sync log: what arrived and what became of it, newest first.

It is read from two tables: `batches` with the accepted parcels, one row for each request, and `arrivals` with the rest.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import intents
from central_server.store.parcels import arrivals, batches, parcels
from central_server.store.parcels.batches import UnpackedBatch
from central_server.store.parcels.log_queries import LogFilter, kind_in_log
from sync_contract.records import Receipt

PAGE = 50
_APART = 2048
"""Lines of a batch have the number `seq * _APART + position`, an arrival is in the middle: no number comes twice."""
_MIDDLE = _APART // 2


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line. `content`: what arrived, as JSON. `seq`: the order of lines with the same time."""

    seq: int
    gateway: str
    parcel: str
    result: Receipt
    community: str
    kind: str
    reason: str
    content: str | None
    first_at: datetime
    last_at: datetime
    times: int


async def page(connection: Connection, log_filter: LogFilter, limit: int = PAGE) -> tuple[Arrival, ...]:
    """Return the lines of a page, newest first."""
    return _newest_first(
        [*await _accepted(connection, log_filter, limit), *await _others(connection, log_filter, limit)]
    )[:limit]


async def of_parcel(connection: Connection, gateway: str, parcel: str) -> tuple[Arrival, ...]:
    """Return the lines of one parcel, newest first."""
    lines = await _arrivals(connection, await arrivals.of_parcel(connection, gateway, parcel))
    stored = await parcels.find(connection, gateway, [parcel])
    for each in stored.values():
        batch, position = each.place
        packet = UnpackedBatch(gateway, each.community, each.received_at, [each.content])
        lines.append(_line(packet, batch * _APART + position, each.content))
    return _newest_first(lines)


async def states(connection: Connection, gifts: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the states of the known gifts, by (gateway, id)."""
    columns = intents.c
    known = select(columns.gateway, columns.id, columns.state).where(tuple_(columns.gateway, columns.id).in_(gifts))
    return {(row.gateway, row.id): row.state for row in await connection.execute(known)} if gifts else {}


async def mark(connection: Connection, tops: Collection[str]) -> tuple[datetime, int] | None:
    """Return a mark that moves whenever a line of these communities is new or counts up."""
    log_filter = LogFilter(tops=tops)
    found = [(row.received_at, row.seq * _APART) for row in await batches.newest(connection, log_filter, 1, None)]
    others = await arrivals.lines(connection, await arrivals.newest(connection, log_filter, 1, None))
    found += [(row.last_at, row.seq * _APART + _MIDDLE) for row in others]
    return max(found, default=None)


async def _accepted(connection: Connection, log_filter: LogFilter, limit: int) -> list[Arrival]:
    if log_filter.result not in (None, Receipt.accepted) or log_filter.kind not in (None, "intent", "statistics"):
        return []
    last_batch = None if log_filter.before is None else (log_filter.before[0], (log_filter.before[1] - 1) // _APART)
    chosen, enough = [], 0
    for batch in await batches.newest(connection, log_filter, limit + 1, last_batch):
        chosen.append(batch.seq)
        # Part of the last page's batch was on that page.
        enough += 0 if (batch.received_at, batch.seq) == last_batch else batch.matching
        if enough >= limit:
            break
    packets = await batches.unpacked(connection, chosen)
    lines = (
        _line(packet, seq * _APART + position, packet.contents[position])
        for seq in chosen
        for packet in [packets[seq]]
        for position in reversed(range(len(packet.contents)))
        if log_filter.before is None or (packet.received_at, seq * _APART + position) < log_filter.before
    )
    return [line for line in lines if log_filter.kind in (None, line.kind)]


def _line(packet: UnpackedBatch, seq: int, content: bytes) -> Arrival:
    fields = json.loads(content)
    return Arrival(
        seq=seq,
        gateway=packet.gateway,
        parcel=fields["id"],
        result=Receipt.accepted,
        community=packet.community,
        kind=kind_in_log(fields["body"]["kind"]),
        reason="",
        content=content.decode(),
        first_at=packet.received_at,
        last_at=packet.received_at,
        times=1,
    )


async def _others(connection: Connection, log_filter: LogFilter, limit: int) -> list[Arrival]:
    if log_filter.result is Receipt.accepted:
        return []
    before = (
        None if log_filter.before is None else (log_filter.before[0], -((_MIDDLE - log_filter.before[1]) // _APART))
    )
    found = await arrivals.newest(connection, log_filter, limit, before)
    return await _arrivals(connection, await arrivals.lines(connection, found))


async def _arrivals(connection: Connection, rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Arrival]:
    """Return the lines of arrivals. The content of a duplicate is that of the stored parcel."""
    rows = list(rows)
    again: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.content is None:
            again[row.gateway].add(row.parcel)
    contents = {
        (gateway, id_): stored.content.decode()
        for gateway, ids in again.items()
        for id_, stored in (await parcels.find(connection, gateway, ids)).items()
    }
    return [
        Arrival(
            seq=row.seq * _APART + _MIDDLE,
            gateway=row.gateway,
            parcel=row.parcel,
            result=Receipt(row.result),
            community=row.community,
            kind=row.kind,
            reason=row.reason,
            content=row.content or contents.get((row.gateway, row.parcel)),
            first_at=row.first_at,
            last_at=row.last_at,
            times=row.times,
        )
        for row in rows
    ]


def _newest_first(lines: Iterable[Arrival]) -> tuple[Arrival, ...]:
    return tuple(sorted(lines, key=lambda line: (line.last_at, line.seq), reverse=True))
