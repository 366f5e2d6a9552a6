"""Store the organisations that may raise money for projects, with their certificates."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import organisations
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class Organisation:
    """`name`: as registered; `platform_url`: its page on a designated platform."""

    place: str
    id: str
    name: str
    about: Texts | None
    certificate: str
    certificate_until: date | None
    platform_url: str
    edited_at: datetime
    edited_by: str
    revision: int = 0
    own_site: bool = False
    """It declared this server as its own site for fundraising."""


async def get(connection: Connection, place: str, id_: str) -> Organisation | None:
    wanted = _ROWS.where(organisations.c.place == place, organisations.c.id == id_)
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else _read(found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[Organisation, ...]:
    """Return those at and below `tops` and those that apply there from above, by name."""
    wanted = _ROWS.where(versioned_rows.visible(organisations.c.place, tops)).order_by(organisations.c.name)
    return tuple(_read(row) for row in await connection.execute(wanted))


async def holding(connection: Connection, place: str, ids: Collection[str] | None = None) -> dict[str, Organisation]:
    """Return those that apply at `place` by id; of two with one id, the nearer one."""
    wanted = _ROWS.where(versioned_rows.holds_at(organisations.c.place, place))
    if ids is not None:
        wanted = wanted.where(organisations.c.id.in_(ids))
    found = await connection.execute(wanted.order_by(versioned_rows.height(organisations.c.place)))
    return {row.id: _read(row) for row in found}


async def save(connection: Connection, organisation: Organisation, read: int) -> bool:
    """`read`: the revision that was read, 0 for a new one. Return False if another edit was first."""
    key = {"place": organisation.place, "id": organisation.id}
    values = {name: getattr(organisation, name) for name in organisation.__slots__ if name not in (*key, "revision")}
    values["about"] = organisation.about.model_dump_json(by_alias=True) if organisation.about else ""
    return await versioned_rows.save(connection, organisations, key, values, read)


def _read(row: Any) -> Organisation:  # noqa: ANN401  (a row)
    fields = dict(row._mapping)
    return Organisation(**fields | {"about": Texts.model_validate_json(row.about) if row.about else None})


_ROWS = select(organisations)
