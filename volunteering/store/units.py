"""Store partner units (單位) and the staff accounts that act for them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within
from sync_contract.project import Texts
from volunteering.store.pool_tables import unit_contacts, units


class UnitKind(StrEnum):
    partner = "partner"
    employer = "employer"
    team = "team"


@dataclass(frozen=True, slots=True)
class Unit:
    """`names`: three languages as JSON, see `texts`."""

    id: str
    community: str
    environment: str
    kind: str
    code: str
    names: str
    made_by: str
    made_at: datetime

    @property
    def texts(self) -> Texts:
        return Texts.model_validate_json(self.names)


_UNIT = columns_of(units, Unit)


async def add(connection: Connection, unit: Unit) -> bool:
    """Return False if the community has a unit with this code."""
    await connection.alone("volunteer units")
    same = (units.c.community == unit.community) & (units.c.environment == unit.environment)
    if (await connection.execute(select(units.c.id).where(same, units.c.code == unit.code))).first() is not None:
        return False
    await connection.execute(units.insert().values(asdict(unit)))
    return True


async def get(connection: Connection, unit: str, environment: str) -> Unit | None:
    return await fetch_one(
        connection, Unit, select(*_UNIT).where(units.c.id == unit, units.c.environment == environment)
    )


async def below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Unit, ...]:
    """Return the units at and below `tops`."""
    wanted = select(*_UNIT).where(within(units.c.community, tops), units.c.environment == environment)
    return await fetch_all(connection, Unit, wanted.order_by(units.c.community, units.c.code))


async def of_account(connection: Connection, account: str, tops: Collection[str], environment: str) -> tuple[Unit, ...]:
    """Return the units for which the account acts, if they are at or below `tops`."""
    mine = select(unit_contacts.c.unit).where(unit_contacts.c.account == account)
    wanted = select(*_UNIT).where(units.c.id.in_(mine), within(units.c.community, tops))
    return await fetch_all(connection, Unit, wanted.where(units.c.environment == environment).order_by(units.c.code))


async def contacts(connection: Connection, of: Collection[str]) -> dict[str, list[str]]:
    """Return the accounts of each unit."""
    wanted = select(unit_contacts.c.unit, unit_contacts.c.account).where(unit_contacts.c.unit.in_(of))
    found: dict[str, list[str]] = {}
    for unit, account in await connection.execute(wanted.order_by(unit_contacts.c.account)):
        found.setdefault(unit, []).append(account)
    return found


async def name_contact(connection: Connection, unit: Unit, account: str, by: str, now: datetime) -> None:
    row = {"account": account, "unit": unit.id, "named_by": by, "named_at": now}
    await connection.execute(insert(connection, unit_contacts).values(row).on_conflict_do_nothing())


async def remove_contact(connection: Connection, unit: Unit, account: str) -> None:
    mine = (unit_contacts.c.unit == unit.id) & (unit_contacts.c.account == account)
    await connection.execute(delete(unit_contacts).where(mine))
