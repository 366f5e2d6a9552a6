"""Put messages about shifts into the outbox, in the transaction of the event."""

from collections.abc import Collection
from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.rules.message_times import due_at
from volunteering.store import messages, people
from volunteering.store.activities import Shift
from volunteering.store.messages import Message, MessageKind, MessageState
from volunteering.store.people import Person, PersonState


async def cancelled(connection: Connection, shift: Shift, persons: Collection[str], now: datetime) -> None:
    await _add(connection, MessageKind.cancelled, shift, persons, (now, shift.starts))


async def offered(
    connection: Connection, shift: Shift, persons: Collection[str], until: datetime, now: datetime
) -> None:
    """A second offer after the first one ended is another event."""
    await _add(connection, MessageKind.offered, shift, persons, (now, until), f" {int(until.timestamp())}")


async def reminder(connection: Connection, shift: Shift, persons: Collection[str], now: datetime) -> None:
    await _add(connection, MessageKind.reminder, shift, persons, (now, shift.starts))


async def asked(connection: Connection, shift: Shift, persons: Collection[str], now: datetime) -> None:
    await _add(connection, MessageKind.asked, shift, persons, (now, shift.starts))


def event_of(kind: MessageKind, shift: str, more: str = "") -> str:
    return f"{kind} {shift}{more}"


async def _add(
    connection: Connection,
    kind: MessageKind,
    shift: Shift,
    persons: Collection[str],
    period: tuple[datetime, datetime],
    more: str = "",
) -> None:
    """`period`: from now to when nobody needs the message."""
    now, useless_at = period
    due = due_at(now, useless_at, OFFICIAL_TIME)
    found = await people.of_ids(connection, persons)
    event = event_of(kind, shift.id, more)
    new = [
        _message(kind, shift, each, event, due, useless_at, now)
        for each in found.values()
        if each.state == PersonState.active
    ]
    await messages.add(connection, new)


def _message(
    kind: MessageKind, shift: Shift, person: Person, event: str, due: datetime, useless_at: datetime, now: datetime
) -> Message:
    return Message(
        new_id(),
        shift.community,
        shift.environment,
        kind.value,
        person.id,
        event,
        shift.id,
        person.language,
        b"",
        due,
        useless_at,
        MessageState.waiting.value,
        0,
        due,
        "",
        now,
    )
