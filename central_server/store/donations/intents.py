"""Store intents, by (gateway, id), and every change of their state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import func, select, update

from central_server.store.engine import bulk_insert, process_events
from central_server.store.engine.bulk_lookup import is_one_of
from central_server.store.engine.connection import Connection
from central_server.store.engine.process_events import Topic
from central_server.store.engine.row_records import columns_of, fetch_one
from central_server.store.engine.tables import intents, state_changes
from sync_contract.records import HandoffKind, IntentState


@dataclass(frozen=True, slots=True)
class Intent:
    """`beacon`: as text or None. `door`: None until the parcel brings it. `first_seen_in`: ticket, parcel or page.

    `code`: eight Crockford digits that a donor types instead of scanning; only after the intent was synced.
    """

    gateway: str
    id: str
    community: str
    environment: str
    project: str
    amount_minor: int
    currency: str
    beacon: str | None
    catalogue_version: int
    handoff: str
    door: str | None
    first_seen_at: datetime
    first_seen_in: str
    state: str
    slip: str = ""
    code: str | None = None

    def differing(self, other: "Intent") -> tuple[str, ...]:
        """Return the names of the compared facts in which the two differ."""
        return tuple(name for name in _COMPARED if getattr(self, name) != getattr(other, name))


_COMPARED = (
    "environment",
    "project",
    "amount_minor",
    "currency",
    "beacon",
    "catalogue_version",
    "handoff",
)
"""Facts that ticket and parcel both contain."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change of an attempt if `attempt` is given, else of the intent. `cause`: one word; `evidence`: its proof."""

    community: str
    gateway: str
    intent: str
    attempt: str | None
    before: str
    after: str
    at: datetime
    cause: str
    evidence: str


_COLUMNS = tuple(Intent.__dataclass_fields__)
_CHANGED = tuple(StateChange.__dataclass_fields__)
_row, _change = attrgetter(*_COLUMNS), attrgetter(*_CHANGED)


async def add(connection: Connection, new: Sequence[Intent]) -> frozenset[str]:
    """Insert the intents of one gateway and return the new ids; known intents stay as they are."""
    if not new:
        return frozenset()
    rows = {intent.id: _row(intent) for intent in sorted(new, key=attrgetter("id"))}
    return await bulk_insert.add_new(connection, intents, _COLUMNS, new[0].gateway, rows)


async def get(connection: Connection, gateway: str, intent: str) -> Intent | None:
    return (await find(connection, gateway, [intent])).get(intent)


async def lock(connection: Connection, gateway: str, intent: str) -> Intent | None:
    """Lock the intent until the write ends, for its state and its attempts, and return it."""
    statement = select(intents).where(intents.c.gateway == gateway, intents.c.id == intent).with_for_update()
    return await fetch_one(connection, Intent, statement)


async def find(connection: Connection, gateway: str, ids: Collection[str]) -> dict[str, Intent]:
    if not ids:
        return {}
    statement = select(intents).where(intents.c.gateway == gateway, is_one_of(connection, intents.c.id, ids))
    return {row.id: Intent(**row._mapping) for row in await connection.execute(statement)}


async def set_door(connection: Connection, gateway: str, intent: str, door: str, code: str | None) -> None:
    """Set the door and the code, which come with the parcel and not with a ticket; both are set once."""
    await connection.execute(
        update(intents)
        .where(intents.c.gateway == gateway, intents.c.id == intent, intents.c.door.is_(None))
        .values(door=door, code=func.coalesce(intents.c.code, code))
    )


async def by_code(connection: Connection, environment: str, code: str, since: datetime) -> Intent | None:
    """Return the intent of that code if it was first seen after `since`."""
    columns = intents.c
    statement = select(intents).where(
        columns.code == code, columns.environment == environment, columns.first_seen_at > since
    )
    return await fetch_one(connection, Intent, statement)


async def taken_codes(connection: Connection, codes: Collection[str]) -> frozenset[str]:
    if not codes:
        return frozenset()
    statement = select(intents.c.code).where(is_one_of(connection, intents.c.code, codes))
    return frozenset((await connection.execute(statement)).scalars())


async def move(
    connection: Connection,
    intent: Intent,
    after: IntentState,
    *,
    at: datetime,
    cause: str,
    evidence: str,
    slip: str = "",
) -> None:
    """Set the state, record the change with its cause, and notify other processes."""
    key = (intents.c.gateway == intent.gateway, intents.c.id == intent.id)
    values = {"state": after.value} | ({"slip": slip} if slip else {})
    await connection.execute(update(intents).where(*key).values(values))
    change = StateChange(
        intent.community, intent.gateway, intent.id, None, intent.state, after.value, at, cause, evidence[:200]
    )
    await record(connection, [change])
    await process_events.notify(connection, Topic.gifts)


async def record(connection: Connection, changes: Sequence[StateChange]) -> None:
    if changes:
        await bulk_insert.add(connection, state_changes, _CHANGED, [_change(change) for change in changes])


async def history(connection: Connection, gateway: str, intent: str) -> tuple[StateChange, ...]:
    """Return all changes of the intent and its attempts, oldest first."""
    registered = await get(connection, gateway, intent)
    columns = columns_of(state_changes, StateChange)
    statement = select(*columns).where(state_changes.c.gateway == gateway, state_changes.c.intent == intent)
    found = await connection.execute(statement.order_by(state_changes.c.seq))
    return (*(_beginning(registered) if registered else ()), *(StateChange(*row) for row in found))


def _beginning(intent: Intent) -> tuple[StateChange, ...]:
    """Return the changes implied by the intent's own row: a parcel's intent has no rows for its first steps.

    A `link` handoff leads to a public page that reports nothing, so it is unconfirmed at once.
    """
    if intent.first_seen_in != "parcel":
        return ()
    steps = [("", IntentState.registered, "parcel")]
    if intent.handoff == HandoffKind.link:
        steps.append((IntentState.registered.value, IntentState.unconfirmed, "link"))
    common = (intent.community, intent.gateway, intent.id, None)
    return tuple(
        StateChange(*common, before, after.value, intent.first_seen_at, cause, intent.id)
        for before, after, cause in steps
    )
