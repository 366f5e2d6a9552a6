"""Take a number from its former holder, and give a person another one.

A number that changed hands shows its new holder nothing: who logs in writes the name too. The new holder may release
the number; the former holder keeps hours and seats, and gets a new number at the desk, found by a card.
"""

import unicodedata
from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.people.guardian import end_consents, move_consents
from volunteering.people.sealed_person import Contact, MessageNumber, PersonSeal
from volunteering.rules.highlights import HighlightState
from volunteering.rules.message_times import due_at
from volunteering.store import highlights, messages, people
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.messages import USEFUL_FOR, Message, MessageKind, MessageState
from volunteering.store.people import Person, PersonState


class NumberProblem(StrEnum):
    known = "known"
    """Another member of this community has the number."""


def is_same_name(one: str, other: str) -> bool:
    """Whether two names differ only in spaces, width and case."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


async def release_number(connection: Connection, seal: PersonSeal, person: Person, now: datetime) -> None:
    """Take the number from the person, end their logins and withdraw pictures that are asked about by this number.

    Raises SealBroken.
    """
    await people.get(connection, person.id, lock=True)
    await _withdraw_pictures(connection, person, now)
    await end_consents(connection, person, now)
    await _set(connection, seal, person, Contact(seal.open(person).name, ""), None)
    await messages.drop_for(connection, person.id, now)
    change = StateChange(person.community, person.id, RecordKind.person, "number released", person.id, now)
    await record(connection, change)


async def change_number(
    connection: Connection, seal: PersonSeal, person: Person, mobile: str, account: str, now: datetime
) -> NumberProblem | None:
    """Give the person a number that they proved; the earlier number gets a message, and all logins end.

    Raises SealBroken, and StoreCollision if the number joins at the same moment.
    """
    number_hash = seal.number_hash(mobile)
    await people.get(connection, person.id, lock=True)
    if await people.find(connection, person.community, person.environment, number_hash) is not None:
        return NumberProblem.known
    before = seal.open(person)
    if before.mobile:
        await _withdraw_pictures(connection, person, now)
        await move_consents(connection, seal, person, mobile)
        await messages.add(connection, [_notice(seal, person, before.mobile, now)])
    await _set(connection, seal, person, Contact(before.name, mobile), number_hash)
    await record(connection, StateChange(person.community, person.id, RecordKind.person, "number", account, now))
    return None


async def _set(
    connection: Connection, seal: PersonSeal, person: Person, contact: Contact, number_hash: str | None
) -> None:
    sealed, key = seal.close(person.id, contact), seal.seal.fingerprint
    await people.set_number(connection, person.id, number_hash, key, sealed)
    await people.end_sessions(connection, person.id)


async def _withdraw_pictures(connection: Connection, person: Person, now: datetime) -> None:
    """Withdraw the highlights whose consents name the number: its next holder would be asked about them."""
    for each, _consent_of in await highlights.of_number(connection, person.community, person.number_hash or ""):
        locked = await highlights.get(connection, each.id, person.environment, lock=True)
        if locked is not None and locked.state != HighlightState.withdrawn:
            await highlights.change(connection, locked, HighlightState.withdrawn, person.id, now)


def _notice(seal: PersonSeal, person: Person, mobile: str, now: datetime) -> Message:
    """Return the message to the earlier number, which the person no longer has."""
    id_, useless_at = new_id(), now + USEFUL_FOR
    due = due_at(now, useless_at, OFFICIAL_TIME)
    return Message(
        id_,
        person.community,
        person.environment,
        MessageKind.moved.value,
        seal.number_hash(mobile),
        f"moved {id_}",
        "",
        person.language,
        seal.close_message(id_, MessageNumber(mobile)),
        due,
        useless_at,
        MessageState.waiting.value,
        0,
        due,
        "",
        now,
    )


async def find_active(connection: Connection, person: str, environment: str) -> Person | None:
    found = await people.get(connection, person)
    active = found is not None and found.state == PersonState.active and found.environment == environment
    return found if active else None
