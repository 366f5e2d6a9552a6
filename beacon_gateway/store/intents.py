"""The tables of intents: each intent is recorded in one transaction with its parcel."""

import hashlib
from datetime import UTC, datetime
from heapq import nlargest

from pydantic import TypeAdapter

from beacon_gateway.donations.ports import GiftState, KeyReused, Recorded, StoredIntent, StoreFault, StoreUnavailable
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import is_full, put_parcel
from beacon_gateway.store.tables import Row, Tables
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentRegistered, IntentState
from sync_contract.strict_model import Environment

_BEACON = TypeAdapter(BeaconId)
_FINAL = (IntentState.paid, IntentState.closed)
_REGISTERED = GiftState(IntentState.registered)
_MAX_UNSETTLED = 200


class Intents:
    """Port: donations.ports.IntentLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, intent: Intent, *, key: str, clock: ClockReading) -> Recorded:
        key_hash = hashlib.blake2b(key.encode(), digest_size=16).digest()
        body, beacon = _parcel_body(intent), _BEACON.dump_json(intent.beacon).decode() if intent.beacon else None
        row = (
            key_hash, bytes.fromhex(intent.id), intent.environment, intent.project, intent.amount.minor,
            intent.amount.currency, beacon, intent.door, intent.handoff, intent.catalogue_version,
            clock.wall.astimezone(UTC).isoformat(timespec="seconds"), int(clock.reliable),
        )  # fmt: skip

        def work(tables: Tables) -> Recorded:
            earlier = tables.first("intents", "WHERE key = ?", key_hash)
            if earlier:
                return _same_or_refused(earlier, intent)
            self._database.backlog_full = is_full(tables)
            if self._database.backlog_full:
                raise StoreUnavailable("too many intents wait for delivery", StoreFault.backlog_full)
            tables.put("intents", *row)
            put_parcel(tables, intent.id, clock, body)
            return Recorded(intent, clock.wall, clock.reliable)

        if (fault := self._database.fault()) is StoreFault.disk_full:
            raise StoreUnavailable("the disk is full", fault)
        return await self._database.write(work)

    async def settle(self, intent: str, state: GiftState, *, cause: str) -> None:
        key, at = bytes.fromhex(intent), datetime.now(UTC).isoformat()

        def work(tables: Tables) -> None:
            ((change,),) = tables.execute(
                "SELECT coalesce(max(change), 0) + 1 FROM intent_states WHERE intent = ?", key
            )
            tables.put("intent_states", key, change, state.state, state.slip, at, cause)

        await self._database.write(work)

    async def find(self, intent: str) -> StoredIntent | None:
        key = bytes.fromhex(intent)

        def work(tables: Tables) -> StoredIntent | None:
            row = tables.first("intents", "WHERE id = ?", key)
            state = tables.first("intent_states", "WHERE intent = ? ORDER BY change DESC", key)
            return (
                None if row is None else StoredIntent(_recorded(row), _REGISTERED if state is None else _state(state))
            )

        return await self._database.read(work)

    async def unsettled(self) -> dict[str, GiftState]:
        def work(tables: Tables) -> dict[str, GiftState]:
            states = {row["intent"]: _state(row) for row in tables.select("intent_states", "ORDER BY intent, change")}
            newest = nlargest(
                _MAX_UNSETTLED,
                (
                    row["id"]
                    for row in tables.select("intents")
                    if row["handoff"] == HandoffKind.ticket
                    and not (row["id"] in states and states[row["id"]].state in _FINAL)
                ),
            )
            return {each.hex(): states.get(each, _REGISTERED) for each in newest}

        return await self._database.read(work)


def _parcel_body(intent: Intent) -> IntentRegistered:
    return IntentRegistered(
        environment=intent.environment,
        project=intent.project,
        amount_minor=intent.amount.minor,
        currency=intent.amount.currency,
        beacon=intent.beacon,
        door=intent.door,
        handoff=intent.handoff,
        catalogue_version=intent.catalogue_version,
    )


def _state(row: Row) -> GiftState:
    return GiftState(IntentState(row["state"]), row["slip"])


def _same_or_refused(row: Row, intent: Intent) -> Recorded:
    earlier = _recorded(row)
    stored = earlier.intent
    if (stored.project, stored.amount) != (intent.project, intent.amount):
        raise KeyReused(f"the key is used for {stored.project} {stored.amount.minor}")
    return earlier


def _recorded(row: Row) -> Recorded:
    stored = Intent(
        id=row["id"].hex(),
        environment=Environment(row["environment"]),
        project=row["project"],
        amount=Money(row["amount_minor"], row["currency"]),
        beacon=_BEACON.validate_json(row["beacon"]) if row["beacon"] else None,
        door=Door(row["door"]),
        handoff=HandoffKind(row["handoff"]),
        catalogue_version=row["catalogue_version"],
    )
    return Recorded(stored, datetime.fromisoformat(row["recorded_at"]), bool(row["clock_trusted"]))
