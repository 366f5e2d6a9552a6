"""Register a person at the desk, print their login card, and let them log in with it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central_server.store.engine.connection import Connection
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from volunteering.people.membership import CONSENT_PURPOSE, CONSENT_VERSION, MAX_NAME
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.rules.login_code import DIGITS
from volunteering.rules.minors import AgeBand
from volunteering.rules.phone_number import read_mobile
from volunteering.store import login_cards, people
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.login_cards import LoginCard
from volunteering.store.people import Person, PersonState


class DeskProblem(StrEnum):
    name = "name"
    number = "number"
    consent = "consent"
    known = "known"
    """The number has joined already."""
    minor = "minor"
    """Under 18, a guardian agrees with a code, on a phone."""


@dataclass(frozen=True, slots=True)
class DeskForm:
    """What staff typed. `number`: "" for a person without a mobile telephone."""

    community: str
    environment: str
    name: str
    number: str
    consented: bool
    language: Language
    age: AgeBand = AgeBand.adult


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """`code`: 16 digits, which the server does not store."""

    code: str
    contact: Contact


async def register(
    connection: Connection, seal: PersonSeal, form: DeskForm, account: str, now: datetime
) -> Person | DeskProblem:
    """Add a person who is present and agrees. Raises StoreCollision if the number joins at the same moment."""
    name, mobile = " ".join(form.name.split()), read_mobile(form.number)
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        return DeskProblem.name
    if form.number.strip() and mobile is None:
        return DeskProblem.number
    if not form.consented:
        return DeskProblem.consent
    if form.age is not AgeBand.adult:
        return DeskProblem.minor
    number_hash = seal.number_hash(mobile) if mobile else None
    if number_hash and await people.find(connection, form.community, form.environment, number_hash):
        return DeskProblem.known
    id_, active = new_id(), PersonState.active
    person = Person(
        id_,
        form.community,
        form.environment,
        active,
        number_hash,
        seal.seal.fingerprint,
        seal.close(id_, Contact(name, mobile or "")),
        now,
        form.language.value,
    )
    await people.add(connection, person)
    await people.add_consent(connection, person, CONSENT_PURPOSE, CONSENT_VERSION, "desk", now)
    await record(connection, StateChange(person.community, id_, RecordKind.person, active, account, now))
    return person


async def print_card(
    connection: Connection, seal: PersonSeal, person: Person, account: str, now: datetime
) -> PrintedCard:
    """Make a card; the person's earlier one is no longer valid, and logins with it end.

    Raises SealBroken.
    """
    contact = seal.open(person)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    await people.get(connection, person.id, lock=True)
    card = LoginCard(
        new_id(), person.community, person.environment, person.id, seal.login_hash(code), account, now, None, None
    )
    if await login_cards.valid_of(connection, person.id) is not None:
        await people.end_sessions(connection, person.id)
    await login_cards.replace(connection, card)
    return PrintedCard(code, contact)


async def revoke_card(connection: Connection, person: Person, now: datetime) -> None:
    """End the card and all logins of the person: nobody knows which of them used the card."""
    await people.get(connection, person.id, lock=True)
    await login_cards.revoke(connection, person.id, now)
    await people.end_sessions(connection, person.id)
