"""Stores the parcels of one delivery, each exactly once, and returns a receipt for each after the commit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from central_server.intake.batch import RefusedItem
from central_server.intake.bells import record_bells
from central_server.intake.duplicates import ACCEPTED, Verdict, compare
from central_server.intake.intents import record_intents
from central_server.intake.refusal import find_refusal
from central_server.intake.sheets import record_sheets, refuse_forged
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import arrivals, parcels
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.parcels.log_queries import kind_in_log
from central_server.store.parcels.parcels import StoredParcel
from sync_contract.records import IntentRegistered, Parcel, ParcelReceipt, ParcelReceipts, Receipt
from sync_contract.strict_model import Environment
from sync_contract.wire_record import encode

Item = Parcel | RefusedItem


@dataclass(frozen=True, slots=True)
class Resent:
    """Ids of parcels that are stored already."""

    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One request."""

    gateway: Gateway
    items: Sequence[Item]
    now: datetime


async def receive(
    database: Database, gateway: Gateway, items: Sequence[Item], environment: Environment, now: datetime
) -> ParcelReceipts:
    """Return a receipt for each item, in their order. Raises StoreUnavailable; then nothing was stored."""
    checked = await refuse_forged(database, gateway, [_check(item, environment) for item in items])
    delivery = _Delivery(gateway, checked, now)
    known: dict[str, StoredParcel] = {}
    while True:
        verdicts = await database.grouped(partial(_store, delivery=delivery, known=known))
        if not isinstance(verdicts, Resent):
            break
        async with database.read() as connection:
            known |= await parcels.find(connection, gateway.id, verdicts.ids)
    return ParcelReceipts(receipts=tuple(map(_receipt, range(len(items)), delivery.items, verdicts)))


async def record_unreadable(database: Database, gateway: Gateway, reason: str, now: datetime) -> None:
    """Record for staff a batch whose items could not be read. The same fault again is the same line of the log."""
    reason = f"unreadable: {reason}"
    digest = hashlib.sha256(reason.encode()).hexdigest()
    line = NewArrival(gateway.id, digest[:32], Receipt.refused, digest, gateway.community, "unknown", reason, "{}")
    async with database.write() as connection:
        await arrivals.record(connection, [line], now)


def _check(item: Item, environment: Environment) -> Item:
    if isinstance(item, RefusedItem):
        return item
    reason = find_refusal(item.body, environment)
    return RefusedItem(item.id, item.body.kind, reason, encode(item).decode()) if reason else item


async def _store(
    connection: Connection, delivery: _Delivery, known: Mapping[str, StoredParcel]
) -> list[Verdict] | Resent:
    """Store what is new. Return what became of each item; or store nothing, and return the ids that are missing in
    `known`: their batches are unpacked outside the write, for which all other deliveries wait.
    """
    gateway, now = delivery.gateway, delivery.now
    first: dict[str, Parcel] = {}
    for item in delivery.items:
        if isinstance(item, Parcel):
            first.setdefault(item.id, item)
    await parcels.lock(connection, gateway.id)
    stored = await parcels.places_of(connection, gateway.id, first)
    if not stored.keys() <= known.keys():
        return Resent(frozenset(stored))
    new = {id_: parcel for id_, parcel in first.items() if id_ not in known}
    gifts = {id_: parcel.body for id_, parcel in new.items() if isinstance(parcel.body, IntentRegistered)}
    contradictions = await record_intents(connection, gateway, gifts, now) if gifts else {}
    accepted = {id_: parcel for id_, parcel in new.items() if id_ not in contradictions}
    await parcels.add(connection, gateway, list(accepted.values()), now)
    await record_sheets(connection, gateway, accepted.values(), now)
    await record_bells(connection, gateway, accepted.values(), now)

    earlier: Mapping[str, Parcel | bytes] = first | {id_: each.content for id_, each in known.items()}
    unreported = set(accepted)

    def judge(item: Item) -> Verdict:
        if isinstance(item, RefusedItem):
            return Receipt.refused, item.reason
        if item.id in contradictions:
            return Receipt.conflict, contradictions[item.id]
        if item.id in unreported:
            unreported.remove(item.id)  # the same id later in this delivery is a duplicate or a conflict
            return ACCEPTED
        return compare(item, earlier[item.id])

    verdicts = [judge(item) for item in delivery.items]
    lines = [
        _arrival(gateway, item, *verdict)
        for item, verdict in zip(delivery.items, verdicts, strict=True)
        if verdict is not ACCEPTED
    ]
    await arrivals.record(connection, lines, now)
    return verdicts


def _receipt(position: int, item: Item, verdict: Verdict) -> ParcelReceipt:
    """An item without an id is named by its content, as in the sync log; its reason states its place in the batch."""
    receipt, reason = verdict
    if item.id:
        return ParcelReceipt(id=item.id, receipt=receipt, reason=reason)
    return ParcelReceipt(id=_fingerprint(item)[:32], receipt=receipt, reason=f"parcels.{position}: {reason}")


def _arrival(gateway: Gateway, item: Item, receipt: Receipt, reason: str) -> NewArrival:
    fingerprint = _fingerprint(item)
    return NewArrival(
        gateway.id,
        item.id or fingerprint[:32],
        receipt,
        fingerprint,
        gateway.community,
        kind_in_log(item.body.kind if isinstance(item, Parcel) else item.kind),
        reason,
        None if receipt is Receipt.duplicate else _content(item),
    )


def _content(item: Item) -> str:
    return encode(item).decode() if isinstance(item, Parcel) else item.content


def _fingerprint(item: Item) -> str:
    return hashlib.sha256(_content(item).encode()).hexdigest()
