"""The tables of intents: each intent is recorded in one transaction with its parcel."""

import hashlib
import json
from datetime import UTC, datetime

import aiosqlite
import structlog
from pydantic import TypeAdapter

from beacon_gateway.donations.ports import GiftState, KeyReused, Recorded, StoredIntent
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import put_parcel
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import ClockReading, Door, HandoffKind, IntentRegistered, IntentState
from sync_contract.strict_model import Environment

log = structlog.get_logger()
_BEACON = TypeAdapter(BeaconId)
_COLUMNS = (
    "id", "key", "environment", "project", "amount_minor", "currency", "beacon", "door", "handoff",
    "catalogue_version", "url", "recorded_at",
)  # fmt: skip


class Intents:
    """Port: donations.ports.IntentLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, intent: Intent, *, key: str, url: str, clock: ClockReading) -> Recorded:
        values: tuple[object, ...] = (
            intent.id, key, intent.environment, intent.project, intent.amount.minor, intent.amount.currency,
            _BEACON.dump_json(intent.beacon).decode() if intent.beacon else None, intent.door, intent.handoff,
            intent.catalogue_version, url, clock.wall.astimezone(UTC).isoformat(),
        )  # fmt: skip
        async with self._database.transaction() as connection:
            earlier = list(await connection.execute_fetchall("SELECT * FROM intents WHERE key = ?", (key,)))
            if earlier:
                return _same_or_refused(earlier[0], intent)
            marks = ", ".join("?" * (len(_COLUMNS) + 1))
            await connection.execute(
                f"INSERT INTO intents ({', '.join(_COLUMNS)}, sum) VALUES ({marks})",  # noqa: S608 - our own column names
                (*values, _sum(values)),
            )
            await _append_state(connection, intent.id, GiftState(IntentState.registered), "recorded at the kiosk")
            await put_parcel(connection, intent.id, clock, _parcel_body(intent))
        return Recorded(intent, url)

    async def settle(self, intent: str, state: GiftState, *, cause: str) -> None:
        async with self._database.transaction() as connection:
            await _append_state(connection, intent, state, cause)

    async def find(self, intent: str) -> StoredIntent | None:
        rows = await self._database.rows(
            """SELECT i.*, s.state AS now, s.slip AS slip FROM intents i
               JOIN intent_states s ON s.change = (SELECT max(change) FROM intent_states WHERE intent = i.id)
               WHERE i.id = ?""",
            intent,
        )
        for row in rows:
            if _intact(row):
                state = GiftState(IntentState(row["now"]), row["slip"])
                return StoredIntent(_recorded(row), state, datetime.fromisoformat(row["recorded_at"]))
        return None

    async def unsettled(self) -> dict[str, GiftState]:
        rows = await self._database.rows(
            """SELECT i.*, s.state AS now, s.slip AS slip FROM intents i
               JOIN intent_states s ON s.change = (SELECT max(change) FROM intent_states WHERE intent = i.id)
               WHERE i.handoff = 'ticket' AND s.state NOT IN ('paid', 'closed') ORDER BY i.id DESC LIMIT 200"""
        )
        return {row["id"]: GiftState(IntentState(row["now"]), row["slip"]) for row in rows if _intact(row)}


async def _append_state(connection: aiosqlite.Connection, intent: str, state: GiftState, cause: str) -> None:
    await connection.execute(
        "INSERT INTO intent_states (intent, state, slip, at, cause) VALUES (?, ?, ?, ?, ?)",
        (intent, state.state, state.slip, datetime.now(UTC).isoformat(), cause),
    )


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


def _same_or_refused(row: aiosqlite.Row, intent: Intent) -> Recorded:
    earlier = _recorded(row)
    stored = earlier.intent
    if (stored.project, stored.amount) != (intent.project, intent.amount):
        raise KeyReused(f"the key is used for {stored.project} {stored.amount.minor}")
    return earlier


def _recorded(row: aiosqlite.Row) -> Recorded:
    stored = Intent(
        id=row["id"],
        environment=Environment(row["environment"]),
        project=row["project"],
        amount=Money(row["amount_minor"], row["currency"]),
        beacon=_BEACON.validate_json(row["beacon"]) if row["beacon"] else None,
        door=Door(row["door"]),
        handoff=HandoffKind(row["handoff"]),
        catalogue_version=row["catalogue_version"],
    )
    return Recorded(stored, row["url"])


def _sum(values: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _intact(row: aiosqlite.Row) -> bool:
    """Compare the row with its checksum: a flipped bit must not be shown as a person's gift."""
    if _sum(tuple(row[name] for name in _COLUMNS)) == row["sum"]:
        return True
    log.error("intent.damaged", intent=row["id"])
    return False
