"""Store login cards; a person has one valid card at most."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from volunteering.store.login_card_tables import login_cards


@dataclass(frozen=True, slots=True)
class LoginCard:
    id: str
    community: str
    environment: str
    person: str
    code_hash: str
    issued_by: str
    issued_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


_CARD = columns_of(login_cards, LoginCard)


async def replace(connection: Connection, card: LoginCard) -> None:
    """Store a card and revoke the person's earlier ones. The caller has locked the person."""
    await revoke(connection, card.person, card.issued_at)
    await connection.execute(login_cards.insert().values(asdict(card)))


async def revoke(connection: Connection, person: str, now: datetime) -> None:
    valid = (login_cards.c.person == person) & login_cards.c.revoked_at.is_(None)
    await connection.execute(update(login_cards).where(valid).values(revoked_at=now))


async def of_code(connection: Connection, community: str, environment: str, code_hash: str) -> LoginCard | None:
    """Return the valid card of the code."""
    wanted = select(*_CARD).where(login_cards.c.code_hash == code_hash, login_cards.c.revoked_at.is_(None))
    at = wanted.where(login_cards.c.community == community, login_cards.c.environment == environment)
    return await fetch_one(connection, LoginCard, at)


async def valid_of(connection: Connection, person: str) -> LoginCard | None:
    wanted = select(*_CARD).where(login_cards.c.person == person, login_cards.c.revoked_at.is_(None))
    return await fetch_one(connection, LoginCard, wanted)


async def every_of(connection: Connection, person: str) -> tuple[LoginCard, ...]:
    wanted = select(*_CARD).where(login_cards.c.person == person).order_by(login_cards.c.issued_at)
    return await fetch_all(connection, LoginCard, wanted)


async def record_use(connection: Connection, card: str, now: datetime) -> None:
    await connection.execute(update(login_cards).where(login_cards.c.id == card).values(used_at=now))
