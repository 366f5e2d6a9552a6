"""Put people of a unit's list into the talent pool, as invitations: nobody gets an account by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.uuid7 import new_id
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.pool_states import MembershipState
from volunteering.store import pool
from volunteering.store.pool import Membership, PoolMember
from volunteering.store.units import Unit


@dataclass(frozen=True, slots=True)
class Listed:
    """What a unit states about a member. `mobile`: 11 digits. `grid`: id of a place, "" if unknown."""

    name: str
    mobile: str
    duty: str
    grid: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row before it is stored. `id`: of its membership, to which `sealed` is bound."""

    id: str
    number_hash: str
    grid: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Enlisted:
    """`unchanged`: numbers that the unit's list had before, in any state."""

    added: int
    unchanged: int


def prepare(seal: PersonSeal, rows: Sequence[Listed]) -> list[Prepared]:
    """Seal the rows. Blocking: about 15 µs a row."""
    ids = [new_id() for _ in rows]
    return [
        Prepared(id_, seal.number_hash(row.mobile), row.grid, seal.close_membership(id_, row))
        for id_, row in zip(ids, rows, strict=True)
    ]


async def enlist(
    connection: Connection, seal: PersonSeal, unit: Unit, rows: Sequence[Prepared], by: str, now: datetime
) -> Enlisted:
    """Add the numbers that the unit has not named before. What another unit stated is neither read nor changed."""
    await connection.alone(f"talent pool {unit.community}")
    unique = {row.number_hash: row for row in rows}
    known = await pool.known_numbers(connection, unit.community, unit.environment, list(unique))
    named = await pool.members_of_unit(connection, unit.id)
    new_members: list[PoolMember] = []
    added: list[Membership] = []
    for number_hash, row in unique.items():
        member = known.get(number_hash)
        if member is None:
            member = new_id()
            new_members.append(PoolMember(member, unit.community, unit.environment, number_hash, None, row.grid))
        elif member in named:
            continue
        state, key = MembershipState.invited.value, seal.seal.fingerprint
        added.append(
            Membership(row.id, member, unit.id, unit.community, unit.environment, state, key, row.sealed, now, now)
        )
    await pool.add(connection, new_members, added, by)
    return Enlisted(len(added), len(unique) - len(added))
