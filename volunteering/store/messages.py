"""Store the outbox: messages that wait, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within
from volunteering.store.message_tables import messages


class MessageKind(StrEnum):
    code = "code"
    cancelled = "cancelled"
    offered = "offered"
    reminder = "reminder"
    asked = "asked"
    """Staff propose a shift to the person."""
    invited = "invited"
    """Staff invite a number that has not joined."""
    guardian = "guardian"
    """A code by which a guardian agrees."""
    merging = "merging"
    """To two people whose records staff want to join."""
    moved = "moved"
    """To the earlier number of a person who has another one now."""


class MessageState(StrEnum):
    waiting = "waiting"
    sending = "sending"
    """A process tries it now. If that process ends, another one tries again after the time of the next try."""
    sent = "sent"
    failed = "failed"
    dropped = "dropped"
    """It became needless before it was sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """`useless_at`: when nobody needs it any more. `tries`: so far, also one that is under way."""

    id: str
    community: str
    environment: str
    kind: str
    recipient: str
    event: str
    shift: str
    language: str
    sealed: bytes
    due_at: datetime
    useless_at: datetime
    state: str
    tries: int
    next_at: datetime
    reason: str
    changed_at: datetime


_MESSAGE = columns_of(messages, Message)
_CODES = (MessageKind.code.value, MessageKind.guardian.value)
_OPEN = (MessageState.waiting.value, MessageState.sending.value)
_SENDING_FOR = timedelta(minutes=2)
"""A try takes at most this long."""
_MAX_LISTED = 200
USEFUL_FOR = timedelta(days=2)
"""How long a notice about a person's data is tried."""


async def add(connection: Connection, added: Collection[Message]) -> None:
    """A message about an event of which the recipient has one is left out."""
    for message in added:
        await connection.execute(insert(connection, messages).values(asdict(message)).on_conflict_do_nothing())


async def due(connection: Connection, environment: str, now: datetime, most: int) -> tuple[str, ...]:
    """Return the ids of messages to try now, the longest due first."""
    wanted = select(messages.c.id).where(messages.c.state.in_(_OPEN), messages.c.next_at <= now)
    mine = wanted.where(messages.c.environment == environment)
    return tuple((await connection.execute(mine.order_by(messages.c.next_at, messages.c.id).limit(most))).scalars())


async def claim(connection: Connection, message: str, now: datetime) -> Message | None:
    """Begin a try; None if another process tries it, or it is finished."""
    wanted = select(*_MESSAGE).where(messages.c.id == message).with_for_update()
    found = await fetch_one(connection, Message, wanted)
    if found is None or found.state not in _OPEN or found.next_at > now:
        return None
    started = {"state": MessageState.sending.value, "tries": found.tries + 1, "next_at": now + _SENDING_FOR}
    await connection.execute(update(messages).where(messages.c.id == message).values(started))
    return await fetch_one(connection, Message, select(*_MESSAGE).where(messages.c.id == message))


async def retry(connection: Connection, message: str, reason: str, at: datetime, now: datetime) -> None:
    values = {"state": MessageState.waiting.value, "reason": reason, "next_at": at, "changed_at": now}
    await connection.execute(update(messages).where(messages.c.id == message).values(values))


async def finish(connection: Connection, message: str, state: MessageState, reason: str, now: datetime) -> None:
    values = {"state": state.value, "reason": reason, "sealed": b"", "changed_at": now}
    await connection.execute(update(messages).where(messages.c.id == message).values(values))


async def drop_for(connection: Connection, person: str, now: datetime) -> None:
    """Drop what waits for a person who leaves."""
    waiting = (messages.c.recipient == person) & (messages.c.state == MessageState.waiting.value)
    dropped = {"state": MessageState.dropped.value, "changed_at": now}
    await connection.execute(update(messages).where(waiting).values(dropped))


async def recipients(connection: Connection, events: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return who has a message about these events, with the event."""
    wanted = select(messages.c.recipient, messages.c.event).where(messages.c.event.in_(events))
    return frozenset((row.recipient, row.event) for row in await connection.execute(wanted))


async def newest_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Message, ...]:
    """Return messages at and below `tops`, those that failed first."""
    wanted = select(*_MESSAGE).where(within(messages.c.community, tops), messages.c.environment == environment)
    ordered = wanted.order_by(messages.c.state != MessageState.failed.value, messages.c.changed_at.desc())
    return await fetch_all(connection, Message, ordered.limit(_MAX_LISTED))


async def count_codes(connection: Connection, since: datetime) -> int:
    """Return how many one-time codes were asked for since then, by anybody."""
    codes = messages.c.kind.in_(_CODES) & (messages.c.due_at > since)
    return int((await connection.execute(select(func.count()).select_from(messages).where(codes))).scalar_one())


async def forget(connection: Connection, codes_before: datetime, others_before: datetime) -> None:
    """Delete finished messages."""
    is_code = messages.c.kind.in_(_CODES)
    old = (is_code & (messages.c.changed_at <= codes_before)) | (~is_code & (messages.c.changed_at <= others_before))
    await connection.execute(delete(messages).where(messages.c.state.not_in(_OPEN), old))
