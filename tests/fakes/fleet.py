"""Many gateways deliver at once over a faulty network, until every parcel has its receipt."""

import asyncio
import gzip
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import func, select

from central_server.store.engine.database import Database
from central_server.store.engine.tables import arrivals, batches, intents, parcels, sequences
from central_server.store.parcels import parcels as stored_parcels
from central_server.store.places.places import TOP
from sync_contract.records import Parcel, ParcelReceipt, ParcelReceipts, Receipt
from sync_contract.wire_record import decode, encode
from tests.fakes.delivering_gateway import DeliveringGateway

_PATH = "/api/v1/parcels"
_PUBLIC_HOST = "127.0.0.1"
"""All servers share one public address."""
_ANSWER_S = 60
_RESET = struct.pack("ii", 1, 0)
Receipts = tuple[ParcelReceipt, ...]


class Fault(StrEnum):
    none = "none"
    dropped = "dropped"
    """The request does not arrive."""
    cut = "cut"
    """The connection is reset in the middle of the request."""
    deaf = "deaf"
    """The request arrives; the connection is reset before the answer is read."""
    forgotten = "forgotten"
    """The answer arrives and is ignored."""
    twice = "twice"
    """The same request is sent twice at once, to any two servers."""
    altered = "altered"
    """One byte of the body is changed."""


@dataclass
class Request:
    headers: dict[str, str]
    body: bytes

    def content(self) -> bytes:
        lines = {"Host": _PUBLIC_HOST, "Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {_PATH} HTTP/1.1\r\n{head}\r\n".encode() + self.body


@dataclass
class Fleet:
    """`urls`: the servers; `trouble`: the share of requests with a fault; `turns`: limits concurrent requests."""

    urls: list[str]
    dice: random.Random
    trouble: float = 0.4
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(50))
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    receipts: Counter[Receipt] = field(default_factory=Counter)

    async def sync(self, gateway: DeliveringGateway, made: Sequence[Parcel], *, most: int = 8) -> None:
        """Deliver in any order until each has its receipt; fail when one is refused."""
        outbox = {parcel.id: parcel for parcel in made}
        while outbox:
            chosen = self.dice.sample(sorted(outbox), min(len(outbox), self.dice.randint(1, most)))
            fault = self.dice.choice(list(Fault)) if self.dice.random() < self.trouble else Fault.none
            self.faults[fault] += 1
            for receipt in await self._try(gateway, [outbox[id_] for id_ in chosen], fault):
                assert receipt.receipt in (Receipt.accepted, Receipt.duplicate), receipt
                outbox.pop(receipt.id, None)
            await asyncio.sleep(0)

    async def _try(self, gateway: DeliveringGateway, batch: Sequence[Parcel], fault: Fault) -> Receipts:
        request = signed(gateway, batch)
        if fault is Fault.dropped:
            return ()
        if fault is Fault.altered:
            at = len(request.body) // 2
            request.body = request.body[:at] + bytes([request.body[at] ^ 1]) + request.body[at + 1 :]
        both = await asyncio.gather(*(self._send(request, fault) for _ in range(1 + (fault is Fault.twice))))
        counts = [receipt for answer in both for receipt in answer]
        self.receipts.update(receipt.receipt for receipt in counts)
        return () if fault is Fault.forgotten else tuple(counts)

    async def _send(self, request: Request, fault: Fault) -> Receipts:
        async with self.turns:
            try:
                return await self._exchange(request, fault)
            except OSError:  # the server is gone
                return ()

    async def _exchange(self, request: Request, fault: Fault) -> Receipts:
        where = urlsplit(self.dice.choice(self.urls))
        content = request.content()
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            if fault is Fault.cut:
                content = content[: self.dice.randrange(len(content))]
            writer.write(content)
            await writer.drain()
            if fault in (Fault.cut, Fault.deaf):
                await asyncio.sleep(self.dice.random() * 0.02)
                _reset_on_close(writer)
                return ()
            async with asyncio.timeout(_ANSWER_S):
                answer = await reader.read()
        finally:
            writer.close()
        if not answer:
            return ()
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        self.statuses[status] += 1
        return decode(ParcelReceipts, body).receipts if status == 200 else ()


def signed(gateway: DeliveringGateway, batch: Sequence[Parcel]) -> Request:
    contents = b",".join(encode(parcel) for parcel in batch)
    body = gzip.compress(b'{"contract":1,"parcels":[' + contents + b"]}", 1)
    gateway.url = f"http://{_PUBLIC_HOST}"
    headers = gateway.signed_post(_PATH, body)
    return Request({**headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}, body)


def made_by(gateway: DeliveringGateway, dice: random.Random, count: int) -> list[Parcel]:
    """Create the contents of an outbox: mostly statistics, some gifts."""
    return [gateway.intent() if dice.random() < 0.25 else gateway.statistics() for _ in range(count)]


async def check(database: Database, sent: Mapping[str, Sequence[Parcel]]) -> None:
    """Check that each parcel is stored once as sent, and nothing else."""
    total = sum(map(len, sent.values()))
    async with database.read() as connection:
        stored: dict[str, dict[str, object]] = {gateway: {} for gateway in sent}
        for gateway, made in sent.items():
            for each in (await stored_parcels.find(connection, gateway, [parcel.id for parcel in made])).values():
                stored[gateway][each.id] = json.loads(each.content)
        assert (await connection.execute(select(func.count()).select_from(parcels))).scalar() == total
        assert stored == {
            gateway: {parcel.id: json.loads(encode(parcel)) for parcel in made} for gateway, made in sent.items()
        }
        results = select(arrivals.c.result, func.count(), func.max(arrivals.c.times)).group_by(arrivals.c.result)
        counts = {result: (lines, times) for result, lines, times in await connection.execute(results)}
        assert set(counts) - {Receipt.refused.value} == {Receipt.duplicate.value}
        taken = select(func.sum(batches.c.intents + batches.c.statistics))
        assert int((await connection.execute(taken)).scalar() or 0) == total
        gifts = sum(parcel.body.kind == "intent" for made in sent.values() for parcel in made)
        assert (await connection.execute(select(func.count()).select_from(intents))).scalar() == gifts
        ends = await connection.execute(select(sequences.c.gateway, sequences.c.highest, sequences.c.stored))
        reached = {gateway: (highest, count) for gateway, highest, count in ends}
        assert reached == {gateway: (len(made), len(made)) for gateway, made in sent.items()}
        assert await stored_parcels.gaps(connection, (TOP,)) == ()


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Make closing reset the connection."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
