"""Parcels in, each exactly once; receipts only for what is committed."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, assert_never

from pydantic import ValidationError

from central_server.intake import intent, screen, statistics
from central_server.intake.batch import ReadParcel, Refused
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import arrivals, batches, parcel_times, parcels
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.parcels.batch_compression import pack
from central_server.store.parcels.batches import NewBatch
from central_server.store.parcels.log_queries import kind_in_log
from sync_contract.records import (
    BeaconStatistics,
    IntentRegistered,
    Parcel,
    Receipt,
    ScreenStatistics,
    canonical,
)
from sync_contract.strict_model import Environment


class ReceiptJson(TypedDict):  # by the thousand: a record would be checked again
    """A `ParcelReceipt` as it goes over the wire."""

    id: str
    receipt: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One request."""

    gateway: Gateway
    items: Sequence[ReadParcel | Refused]
    now: datetime


_ACCEPTED = (Receipt.accepted, "")
_LONGEST_REASON = 300
"""Of a `ParcelReceipt`."""
_Result = tuple[Receipt, str]


async def receive(
    database: Database,
    gateway: Gateway,
    items: Sequence[ReadParcel | Refused],
    environment: Environment,
    now: datetime,
) -> list[ReceiptJson]:
    """A receipt for each item, in their order."""
    judged = [_judge(item, environment) for item in items]
    delivery = _Delivery(gateway, judged, now)

    async def take(connection: Connection) -> list[_Result]:
        results = await _take(connection, delivery)
        told = [
            _arrival(gateway, item, *result)
            for item, result in zip(judged, results, strict=True)
            if result is not _ACCEPTED
        ]
        await arrivals.record(connection, told, now)
        return results

    results = await database.written(take)
    return [
        _receipt(position, item, *result) for position, (item, result) in enumerate(zip(judged, results, strict=True))
    ]


def _receipt(position: int, item: ReadParcel | Refused, receipt: Receipt, reason: str) -> ReceiptJson:
    """What has no id is named by its content, as in the sync log, and its reason says where in the batch it stands.

    A gateway takes no notice of receipts for ids that it did not send, so one of any version reads this.
    """
    id_ = _id(item)
    if not id_:
        reason = f"parcels.{position}: {reason}"[:_LONGEST_REASON]
    return {"id": id_ or _fingerprint(item)[:32], "receipt": receipt.value, "reason": reason}


async def refuse_whole(database: Database, gateway: Gateway, reason: str, now: datetime) -> None:
    """Tell staff of a batch of which nothing could be read. The same trouble again is the same line."""
    said = f"unreadable: {reason}"[:300]
    digest = hashlib.sha256(said.encode()).hexdigest()
    sender = (gateway.id, digest[:32], Receipt.refused, digest, gateway.community)
    line = NewArrival(*sender, "unknown", said, "{}")
    async with database.write() as connection:
        await arrivals.record(connection, [line], now)


def _judge(item: ReadParcel | Refused, environment: Environment) -> ReadParcel | Refused:
    if isinstance(item, Refused):
        return item
    body = item.parcel.body
    match body:
        case IntentRegistered():
            reason = intent.refusal(body, environment)
        case BeaconStatistics():
            reason = statistics.refusal(body)
        case ScreenStatistics():
            reason = screen.refusal(body)
        case _:
            assert_never(body)
    return Refused(item.parcel.id, body.kind, reason, item.content.decode()) if reason else item


async def _take(connection: Connection, delivery: _Delivery) -> list[_Result]:
    """What became of each item."""
    read: dict[str, ReadParcel] = {}
    for item in delivery.items:
        if isinstance(item, ReadParcel):
            read.setdefault(item.parcel.id, item)
    taken, contradictions = await _keep(connection, delivery, read)
    if len(taken) == len(delivery.items):
        return [_ACCEPTED] * len(taken)
    held = await parcels.find(connection, delivery.gateway.id, read.keys() - taken)
    results: list[_Result] = []
    for item in delivery.items:
        if isinstance(item, Refused):
            results.append((Receipt.refused, item.reason))
            continue
        id_ = item.parcel.id
        if id_ in contradictions:
            results.append((Receipt.conflict, contradictions[id_]))
        elif item is read[id_] and id_ in taken:
            results.append(_ACCEPTED)
        elif _says(item, held[id_].content if id_ in held else read[id_].content):
            results.append((Receipt.duplicate, ""))
        else:
            results.append((Receipt.conflict, "other_content"))
    return results


async def _keep(
    connection: Connection, delivery: _Delivery, read: Mapping[str, ReadParcel]
) -> tuple[frozenset[str], Mapping[str, str]]:
    """The ids of those newly kept, and of those that contradict their ticket, each with its reason."""
    ids = sorted(read)
    epochs = dict.fromkeys(read[id_].parcel.epoch for id_ in ids)
    await parcels.hold(connection, delivery.gateway.id, epochs)
    written: list[tuple[int, list[str], frozenset[str]]] = []
    for epoch in epochs:
        own = ids if len(epochs) == 1 else [id_ for id_ in ids if read[id_].parcel.epoch == epoch]
        new = _batch([read[id_] for id_ in own])
        seq = await batches.add(connection, delivery.gateway, new, delivery.now)
        written.append((seq, own, await parcels.keep(connection, delivery.gateway.id, seq, own)))
    registered = [
        (id_, body) for _, _, fresh in written for id_ in fresh if (body := read[id_].parcel.body).kind == "intent"
    ]
    contradictions = await intent.take(connection, delivery.gateway, registered, delivery.now)
    every: frozenset[str] = frozenset()
    for seq, own, fresh in written:
        taken = fresh - contradictions.keys()
        if len(taken) < len(own):
            await _keep_less(connection, delivery.gateway, seq, fresh, [read[id_] for id_ in own if id_ in taken])
        if taken:
            told = [read[id_].parcel for id_ in own if id_ in taken]
            numbers = [parcel.n for parcel in told]
            await parcels.count_up(connection, delivery.gateway, told[0].epoch, seq, numbers, delivery.now)
        every |= taken
    await parcel_times.add_uncounted(connection, delivery.gateway.id, every)
    return every, contradictions


async def _keep_less(
    connection: Connection, gateway: Gateway, seq: int, fresh: Collection[str], taken: Sequence[ReadParcel]
) -> None:
    """Of a batch of which some were here before, or contradict their ticket."""
    await parcels.take_back(connection, gateway.id, fresh)
    await batches.replace(connection, seq, _batch(taken) if taken else None)
    if taken:
        await parcels.keep(connection, gateway.id, seq, [item.parcel.id for item in taken])


def _batch(items: Sequence[ReadParcel]) -> NewBatch:
    intents = sum(item.parcel.body.kind == "intent" for item in items)
    return NewBatch(
        items[0].parcel.epoch,
        [item.parcel.n for item in items],
        intents,
        len(items) - intents,
        pack([item.content for item in items]),
    )


def _says(item: ReadParcel, content: bytes) -> bool:
    """However it was written: the parcel says the same as what is kept."""
    if item.content == content:
        return True
    try:
        return canonical(Parcel.model_validate_json(content)) == canonical(item.parcel)
    except ValidationError:  # of a contract that this program does not know any more
        return False


def _arrival(gateway: Gateway, item: ReadParcel | Refused, receipt: Receipt, reason: str) -> NewArrival:
    read = isinstance(item, ReadParcel)
    content = _content(item)
    fingerprint = _fingerprint(item)
    return NewArrival(
        gateway.id,
        _id(item) or fingerprint[:32],  # what has no id of its own is named by its content
        receipt,
        fingerprint,
        gateway.community,
        kind_in_log(item.parcel.body.kind if isinstance(item, ReadParcel) else item.kind),
        reason,
        None if read and receipt is Receipt.duplicate else content,
    )


def _content(item: ReadParcel | Refused) -> str:
    return canonical(item.parcel).decode() if isinstance(item, ReadParcel) else item.content


def _fingerprint(item: ReadParcel | Refused) -> str:
    return hashlib.sha256(_content(item).encode()).hexdigest()


def _id(item: ReadParcel | Refused) -> str:
    return item.parcel.id if isinstance(item, ReadParcel) else item.id
