"""Store the phone numbers for residents. A place's number applies to places below it without their own."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import contacts, place_ancestors, places
from central_server.store.engine.upsert import insert
from central_server.store.places.places import PLACES, Place, place_of
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Contact:
    """`phone`: as people write it. `holder`: None for the place's own name; `hours`: of service, None if unknown."""

    phone: str
    holder: Texts | None = None
    hours: Texts | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """`place`: the one that has the contact."""

    place: Place
    contact: Contact


async def put(connection: Connection, place: str, contact: Contact) -> None:
    values = {"phone": contact.phone, "holder": _written(contact.holder), "hours": _written(contact.hours)}
    statement = insert(connection, contacts).values(place=place, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["place"], set_=values))


async def remove(connection: Connection, place: str) -> None:
    """Delete its contact; the one of the place above applies again."""
    await connection.execute(delete(contacts).where(contacts.c.place == place))


async def lock(connection: Connection, place: str) -> Contact | None:
    """Return the place's own contact and lock it, even if there is none, until the transaction ends."""
    await connection.alone(f"whom to call at {place}")
    found = (await connection.execute(_CONTACTS.where(contacts.c.place == place))).one_or_none()
    return None if found is None else _contact(found)


async def above(connection: Connection, place: str) -> tuple[Published, ...]:
    """Return the contacts of the place and those above it, nearest first: the first one applies."""
    below = place_ancestors.alias()
    height = select(func.count()).where(below.c.place == contacts.c.place).scalar_subquery()
    statement = (
        PLACES.add_columns(contacts.c.phone, contacts.c.holder, contacts.c.hours)
        .join(contacts, contacts.c.place == places.c.id)
        .join(place_ancestors, place_ancestors.c.ancestor == places.c.id)
        .where(place_ancestors.c.place == place)
        .order_by(height.desc())
    )
    return tuple(Published(place_of(row), _contact(row)) for row in await connection.execute(statement))


def _contact(row: Any) -> Contact:  # noqa: ANN401  (a row)
    return Contact(row.phone, _read(row.holder), _read(row.hours))


def _written(texts: Texts | None) -> str | None:
    return None if texts is None else texts.model_dump_json(by_alias=True)


def _read(text: str | None) -> Texts | None:
    return None if text is None else Texts.model_validate_json(text)


_CONTACTS = select(contacts.c.phone, contacts.c.holder, contacts.c.hours)
