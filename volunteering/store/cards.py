"""Store volunteer cards, and the keys that sign their codes."""

import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.places.places import within
from sync_contract.uuid7 import new_id
from volunteering.rules.cards import CardState
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.people import Person
from volunteering.store.service_tables import card_keys, cards

_MAX_LISTED = 200
_FIRST_NUMBER, _NUMBERS = 10_000_000, 90_000_000


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    community: str
    environment: str
    person: str
    number: int
    state: str
    reason: str
    issued_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CardKey:
    """`sealed`: the private key, see `volunteering.cards.card_keys`."""

    id: str
    community: str
    environment: str
    public: str
    sealed: bytes
    made_at: datetime


_CARD, _KEY = columns_of(cards, Card), columns_of(card_keys, CardKey)
_STATES = tuple(state.value for state in CardState)


async def newest_of(connection: Connection, person: str) -> Card | None:
    wanted = select(*_CARD).where(cards.c.person == person).order_by(cards.c.issued_at.desc(), cards.c.id.desc())
    return await fetch_one(connection, Card, wanted.limit(1))


async def every_of(connection: Connection, person: str) -> tuple[Card, ...]:
    wanted = select(*_CARD).where(cards.c.person == person).order_by(cards.c.issued_at)
    return await fetch_all(connection, Card, wanted)


async def of_number(connection: Connection, environment: str, number: int, *, lock: bool = False) -> Card | None:
    """`lock`: until the write ends."""
    wanted = select(*_CARD).where(cards.c.environment == environment, cards.c.number == number)
    return await fetch_one(connection, Card, wanted.with_for_update() if lock else wanted)


async def issue(connection: Connection, person: Person, now: datetime) -> Card:
    """Add a card with a new random number."""
    await connection.alone("volunteer card number")
    number = _FIRST_NUMBER + secrets.randbelow(_NUMBERS)
    while await of_number(connection, person.environment, number) is not None:
        number = _FIRST_NUMBER + secrets.randbelow(_NUMBERS)
    active = CardState.active.value
    card = Card(new_id(), person.community, person.environment, person.id, number, active, "", now, now)
    await connection.execute(cards.insert().values(asdict(card)))
    await _record(connection, card, active, person.id, now)
    return card


async def change(
    connection: Connection, card: Card, state: CardState, by: str, now: datetime, *, reason: str = ""
) -> None:
    values = {"state": state.value, "reason": reason, "changed_at": now}
    await connection.execute(update(cards).where(cards.c.id == card.id).values(values))
    await _record(connection, card, state.value, by, now)


async def ended_numbers(connection: Connection, community: str, environment: str) -> tuple[int, ...]:
    """Return the numbers of cards that are not active, in their order."""
    of_community = (cards.c.community == community) & (cards.c.environment == environment)
    ended = cards.c.state.in_([state for state in _STATES if state != CardState.active])
    wanted = select(cards.c.number).where(of_community, ended).order_by(cards.c.number)
    return tuple((await connection.execute(wanted)).scalars())


async def active_numbers(connection: Connection, people: Collection[str]) -> dict[str, int]:
    """Return the number of each person's valid card."""
    active = (cards.c.state == CardState.active.value) & cards.c.person.in_(people)
    found = await connection.execute(select(cards.c.person, cards.c.number).where(active))
    return {person: number for person, number in found}


async def newest_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Card, ...]:
    """Return the last changed cards at and below `tops`."""
    wanted = select(*_CARD).where(within(cards.c.community, tops), cards.c.environment == environment)
    return await fetch_all(connection, Card, wanted.order_by(cards.c.changed_at.desc(), cards.c.id).limit(_MAX_LISTED))


async def add_key(connection: Connection, key: CardKey) -> None:
    await connection.execute(card_keys.insert().values(asdict(key)))


async def key_of(connection: Connection, community: str, environment: str) -> CardKey | None:
    """Return the community's newest key."""
    wanted = select(*_KEY).where(card_keys.c.community == community, card_keys.c.environment == environment)
    return await fetch_one(connection, CardKey, wanted.order_by(card_keys.c.made_at.desc()).limit(1))


async def get_key(connection: Connection, key: str, environment: str) -> CardKey | None:
    wanted = select(*_KEY).where(card_keys.c.id == key, card_keys.c.environment == environment)
    return await fetch_one(connection, CardKey, wanted)


async def every_key(connection: Connection, environment: str) -> tuple[CardKey, ...]:
    """Return the keys of every community of this server."""
    wanted = select(*_KEY).where(card_keys.c.environment == environment).order_by(card_keys.c.id)
    return await fetch_all(connection, CardKey, wanted)


async def _record(connection: Connection, card: Card, state: str, by: str, now: datetime) -> None:
    await record(connection, StateChange(card.community, card.id, RecordKind.card, state, by, now))
