"""Store people with their sealed data, their consents and their sessions."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from volunteering.rules.minors import AgeBand
from volunteering.store.guardian_tables import guardians
from volunteering.store.tables import consents, people, sessions


class PersonState(StrEnum):
    active = "active"
    erased = "erased"
    merged = "merged"
    """Their records count for another person."""


@dataclass(frozen=True, slots=True)
class Person:
    """`number_hash` None and `sealed` empty: erased. `key`: fingerprint of the key that opens `sealed`.

    `language`: of their messages.
    """

    id: str
    community: str
    environment: str
    state: str
    number_hash: str | None
    key: str
    sealed: bytes
    joined_at: datetime
    language: str = Language.zh_hans.value
    merged_into: str | None = None
    birth_band: str = AgeBand.adult.value


@dataclass(frozen=True, slots=True)
class Consent:
    id: str
    community: str
    person: str
    purpose: str
    text_version: str
    how: str
    given_at: datetime
    withdrawn_at: datetime | None


_PERSON, _CONSENT = columns_of(people, Person), columns_of(consents, Consent)


async def add(connection: Connection, person: Person) -> None:
    await connection.execute(people.insert().values(asdict(person)))


async def get(connection: Connection, person: str, *, lock: bool = False) -> Person | None:
    """`lock`: until the write ends."""
    wanted = select(*_PERSON).where(people.c.id == person)
    return await fetch_one(connection, Person, wanted.with_for_update() if lock else wanted)


async def of_ids(connection: Connection, wanted: Collection[str]) -> dict[str, Person]:
    """Return people by id."""
    found = await fetch_all(connection, Person, select(*_PERSON).where(people.c.id.in_(wanted)))
    return {person.id: person for person in found}


async def find(connection: Connection, community: str, environment: str, number_hash: str) -> Person | None:
    """Return the person of the number in this community."""
    of_number = (people.c.community == community) & (people.c.number_hash == number_hash)
    return await fetch_one(connection, Person, select(*_PERSON).where(of_number, people.c.environment == environment))


async def erase(connection: Connection, person: str, now: datetime) -> None:
    """Delete what identifies the person, their sessions, and withdraw their consents."""
    erased = {"state": PersonState.erased.value, "number_hash": None, "sealed": b""}
    await connection.execute(update(people).where(people.c.id == person).values(erased))
    await connection.execute(delete(sessions).where(sessions.c.person == person))
    await connection.execute(delete(guardians).where(guardians.c.person == person))
    given = (consents.c.person == person) & consents.c.withdrawn_at.is_(None)
    await connection.execute(update(consents).where(given).values(withdrawn_at=now))


async def set_number(connection: Connection, person: str, number_hash: str | None, key: str, sealed: bytes) -> None:
    """`sealed`: the contact with that number, or without one."""
    values = {"number_hash": number_hash, "key": key, "sealed": sealed}
    await connection.execute(update(people).where(people.c.id == person).values(values))


async def keys(connection: Connection) -> dict[str, int]:
    """Count people whose data is stored, by the fingerprint of the key."""
    stored = (
        select(people.c.key, func.count())
        .where(people.c.state != PersonState.erased.value, people.c.sealed != b"")
        .group_by(people.c.key)
    )
    return {key: count for key, count in await connection.execute(stored)}


def with_merged(column: ColumnElement[str], person: str) -> ColumnElement[bool]:
    """Select the rows of the person and of those who were merged into them. `column`: the person of a row."""
    return or_(column == person, column.in_(select(people.c.id).where(people.c.merged_into == person)))


async def add_consent(
    connection: Connection, person: Person, purpose: str, text_version: str, how: str, now: datetime
) -> None:
    given = Consent(new_id(), person.community, person.id, purpose, text_version, how, now, None)
    await connection.execute(consents.insert().values(asdict(given)))


async def consents_of(connection: Connection, person: str) -> tuple[Consent, ...]:
    wanted = select(*_CONSENT).where(consents.c.person == person).order_by(consents.c.given_at)
    return await fetch_all(connection, Consent, wanted)


async def add_session(connection: Connection, token_hash: str, person: str, ends_at: datetime) -> None:
    await connection.execute(sessions.insert().values(token_hash=token_hash, person=person, ends_at=ends_at))


async def of_session(connection: Connection, token_hash: str, now: datetime) -> Person | None:
    valid = (sessions.c.token_hash == token_hash) & (sessions.c.ends_at > now)
    wanted = select(*_PERSON).join(sessions, sessions.c.person == people.c.id).where(valid)
    return await fetch_one(connection, Person, wanted)


async def end_session(connection: Connection, token_hash: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def end_sessions(connection: Connection, person: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.person == person))


async def forget_sessions(connection: Connection, now: datetime) -> None:
    await connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
