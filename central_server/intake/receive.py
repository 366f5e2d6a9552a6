"""Parcels in, each exactly once; receipts only for what is committed."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from central_server.intake import intent, statistics
from central_server.intake.batch import ReadParcel, Refused
from central_server.store import arrivals, moments, parcels
from central_server.store.arrivals import NewArrival
from central_server.store.connection import Connection
from central_server.store.database import Database
from central_server.store.gateways import Gateway
from central_server.store.parcels import KeptParcel
from sync_contract.records import BeaconStatistics, IntentRegistered, ParcelReceipt, Receipt
from sync_contract.strict import Environment


async def receive(
    database: Database,
    gateway: Gateway,
    items: Sequence[ReadParcel | Refused],
    environment: Environment,
    now: datetime,
) -> tuple[ParcelReceipt, ...]:
    """A receipt for each item that has an id, in their order."""
    judged = [_judge(item, environment) for item in items]

    async def take(connection: Connection) -> list[tuple[ReadParcel | Refused, tuple[Receipt, str]]]:
        taken = await _take(connection, gateway, judged, now)
        await arrivals.record(connection, [_arrival(gateway, item, *result) for item, result in taken], now)
        return taken

    results = await database.written(take)
    return tuple(
        ParcelReceipt(id=_id(item), receipt=receipt, reason=reason) for item, (receipt, reason) in results if _id(item)
    )


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
        case _:
            assert_never(body)
    return Refused(item.parcel.id, body.kind, reason, item.fingerprint, item.content) if reason else item


async def _take(
    connection: Connection, gateway: Gateway, items: Sequence[ReadParcel | Refused], now: datetime
) -> list[tuple[ReadParcel | Refused, tuple[Receipt, str]]]:
    read: dict[str, ReadParcel] = {}
    for item in items:
        if isinstance(item, ReadParcel):
            read.setdefault(item.parcel.id, item)
    new = [_kept(gateway, item, now) for item in read.values()]
    fresh = await parcels.keep(connection, new)
    registered = [
        (id_, item.parcel.body)
        for id_, item in read.items()
        if id_ in fresh and isinstance(item.parcel.body, IntentRegistered)
    ]
    contradictions = await intent.take(connection, gateway, registered, now)
    await parcels.take_back(connection, gateway.id, contradictions.keys())
    taken = fresh - contradictions.keys()
    await parcels.count_up(connection, gateway, [parcel for parcel in new if parcel.id in taken], now)
    await moments.add_uncounted(connection, gateway.id, taken)
    held = await parcels.fingerprints(connection, gateway.id, read.keys() - taken)

    results: list[tuple[ReadParcel | Refused, tuple[Receipt, str]]] = []
    for item in items:
        if isinstance(item, Refused):
            result = (Receipt.refused, item.reason)
        elif item.parcel.id in contradictions:
            result = (Receipt.conflict, contradictions[item.parcel.id])
        elif item is read[item.parcel.id] and item.parcel.id in taken:
            result = (Receipt.accepted, "")
        elif (held.get(item.parcel.id) or read[item.parcel.id].fingerprint) != item.fingerprint:
            result = (Receipt.conflict, "other_content")
        else:
            result = (Receipt.duplicate, "")
        results.append((item, result))
    return results


def _kept(gateway: Gateway, item: ReadParcel, now: datetime) -> KeptParcel:
    parcel = item.parcel
    return KeptParcel(
        gateway.id,
        parcel.id,
        gateway.community,
        parcel.body.kind,
        parcel.epoch,
        parcel.n,
        item.fingerprint,
        item.content,
        now,
    )


def _arrival(gateway: Gateway, item: ReadParcel | Refused, receipt: Receipt, reason: str) -> NewArrival:
    delivered = receipt is Receipt.accepted or receipt is Receipt.duplicate
    return NewArrival(
        gateway.id,
        _id(item) or item.fingerprint[:32],  # what has no id of its own is named by its content
        receipt,
        item.fingerprint,
        gateway.community,
        item.kind if isinstance(item, Refused) else item.parcel.body.kind,
        reason,
        None if delivered else item.content,
    )


def _id(item: ReadParcel | Refused) -> str:
    return item.id if isinstance(item, Refused) else item.parcel.id
