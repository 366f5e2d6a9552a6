"""Store guardians and their consents; a minor has one active guardian at most."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from volunteering.rules.minors import AgeBand
from volunteering.rules.seats import ACTIVE
from volunteering.store.guardian_tables import guardians
from volunteering.store.people import Person
from volunteering.store.sign_ups import SignUp
from volunteering.store.tables import consents, people, sign_ups

GUARDIAN_PURPOSE = "guardian"


@dataclass(frozen=True, slots=True)
class Guardian:
    """`person`: the minor. `until` None: the consent is valid."""

    id: str
    community: str
    environment: str
    person: str
    number_hash: str
    sealed: bytes
    text_version: str
    since: datetime
    until: datetime | None


_GUARDIAN, _SIGN_UP = columns_of(guardians, Guardian), columns_of(sign_ups, SignUp)
_VALID = guardians.c.until.is_(None)


async def add(connection: Connection, guardian: Guardian) -> None:
    await connection.execute(guardians.insert().values(asdict(guardian)))


async def valid_of(connection: Connection, person: str) -> Guardian | None:
    """Return the guardian who agrees."""
    return await fetch_one(connection, Guardian, select(*_GUARDIAN).where(_VALID, guardians.c.person == person))


async def every_of(connection: Connection, person: str) -> tuple[Guardian, ...]:
    wanted = select(*_GUARDIAN).where(guardians.c.person == person).order_by(guardians.c.since)
    return await fetch_all(connection, Guardian, wanted)


async def of_number(connection: Connection, guardian: Person) -> tuple[Guardian, ...]:
    """Return the valid consents that this member gave, by their number."""
    mine = (guardians.c.number_hash == guardian.number_hash) & (guardians.c.community == guardian.community)
    wanted = select(*_GUARDIAN).where(_VALID, mine, guardians.c.environment == guardian.environment)
    return await fetch_all(connection, Guardian, wanted)


async def end(connection: Connection, ended: Collection[Guardian], now: datetime) -> None:
    """End the consents, and delete the numbers of the guardians."""
    for each in ended:
        await connection.execute(update(guardians).where(guardians.c.id == each.id).values(until=now, sealed=b""))
        given = (consents.c.person == each.person) & (consents.c.purpose == GUARDIAN_PURPOSE)
        await connection.execute(
            update(consents).where(given, consents.c.withdrawn_at.is_(None)).values(withdrawn_at=now)
        )


async def move(connection: Connection, guardian: Guardian, number_hash: str, sealed: bytes) -> None:
    """Change the guardian's number."""
    changed = update(guardians).where(guardians.c.id == guardian.id)
    await connection.execute(changed.values(number_hash=number_hash, sealed=sealed))


async def accompanied_by(connection: Connection, guardian: Person, shift: str) -> tuple[SignUp, ...]:
    """Return the active sign-ups of children under 14 who take part in the shift together with this member."""
    if guardian.number_hash is None:
        return ()
    mine = [each.person for each in await of_number(connection, guardian)]
    wanted = select(*_SIGN_UP).join(people, people.c.id == sign_ups.c.person)
    of_children = wanted.where(sign_ups.c.person.in_(mine), people.c.birth_band == AgeBand.child.value)
    active = sign_ups.c.state.in_(sorted(state.value for state in ACTIVE))
    return await fetch_all(connection, SignUp, of_children.where(active, sign_ups.c.shift == shift))
