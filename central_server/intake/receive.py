"""Parcels in, each exactly once; receipts only for what is committed."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from central_server.intake import intent, statistics
from central_server.intake.batch import ReadParcel, Refused
from central_server.store import arrivals, parcels
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
    async with database.write() as connection:
        results = await _take(connection, gateway, judged, now)
        await arrivals.record(connection, [_arrival(gateway, item, *result) for item, result in results], now)
    return tuple(
        ParcelReceipt(id=_id(item), receipt=receipt, reason=reason) for item, (receipt, reason) in results if _id(item)
    )


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
    fresh = await parcels.keep(connection, [_kept(gateway, item, now) for item in read.values()])
    registered = [
        (id_, item.parcel.body)
        for id_, item in read.items()
        if id_ in fresh and isinstance(item.parcel.body, IntentRegistered)
    ]
    contradictions = await intent.take(connection, gateway, registered, now)
    await parcels.take_back(connection, gateway.id, contradictions.keys())
    taken = fresh - contradictions.keys()
    await parcels.count_up(connection, gateway, [_kept(gateway, read[id_], now) for id_ in taken], now)
    held = await parcels.fingerprints(connection, gateway.id, read.keys())

    results: list[tuple[ReadParcel | Refused, tuple[Receipt, str]]] = []
    told: set[str] = set()
    for item in items:
        if isinstance(item, Refused):
            result = (Receipt.refused, item.reason)
        elif item.parcel.id in contradictions:
            result = (Receipt.conflict, contradictions[item.parcel.id])
        elif held[item.parcel.id] != item.fingerprint:
            result = (Receipt.conflict, "other_content")
        elif item.parcel.id in taken and item.parcel.id not in told:
            result = (Receipt.accepted, "")
            told.add(item.parcel.id)
        else:
            result = (Receipt.duplicate, "")
        results.append((item, result))
    return results


def _kept(gateway: Gateway, item: ReadParcel, now: datetime) -> KeptParcel:
    parcel = item.parcel
    return KeptParcel(
        gateway=gateway.id,
        id=parcel.id,
        community=gateway.community,
        kind=parcel.body.kind,
        epoch=parcel.epoch,
        n=parcel.n,
        fingerprint=item.fingerprint,
        content=item.content,
        received_at=now,
    )


def _arrival(gateway: Gateway, item: ReadParcel | Refused, receipt: Receipt, reason: str) -> NewArrival:
    delivered = receipt in (Receipt.accepted, Receipt.duplicate)
    return NewArrival(
        gateway=gateway.id,
        # What has no id of its own is named by its content.
        parcel=_id(item) or item.fingerprint[:32],
        result=receipt,
        fingerprint=item.fingerprint,
        community=gateway.community,
        kind=item.kind if isinstance(item, Refused) else item.parcel.body.kind,
        reason=reason,
        content=None if delivered else item.content,
    )


def _id(item: ReadParcel | Refused) -> str:
    return item.id if isinstance(item, Refused) else item.parcel.id
