"""Store the members of the talent pool, their memberships of units, posts and skills.

A list reads one community, so that an index gives its rows in order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from volunteering.rules.pool_states import CURRENT, OVER, MembershipState
from volunteering.store.dispatch_tables import willing_times
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.pool_tables import memberships, pool_members, pool_skills, post_claims
from volunteering.store.tables import state_changes

PAGE = 50
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PoolMember:
    """`person` None: did not report by phone. `number_hash` None: erased. `grid`: "" if unknown."""

    id: str
    community: str
    environment: str
    number_hash: str | None
    person: str | None
    grid: str


@dataclass(frozen=True, slots=True)
class Membership:
    id: str
    member: str
    unit: str
    community: str
    environment: str
    state: str
    key: str
    sealed: bytes
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What a list shows; "" for everything. `part`: a part of the week, 0 to 20 from Monday morning, None for any."""

    unit: str = ""
    grid: str = ""
    post: str = ""
    skill: str = ""
    state: str = ""
    part: int | None = None


_MEMBER, _MEMBERSHIP = columns_of(pool_members, PoolMember), columns_of(memberships, Membership)
_M = pool_members.c


async def page(
    connection: Connection, community: str, environment: str, wanted: PoolFilter, after: str
) -> tuple[PoolMember, ...]:
    """Return up to PAGE + 1 entries with smaller ids than `after`, the newest first."""
    chosen = [_M.community == community, _M.environment == environment, *_conditions(community, environment, wanted)]
    if after:
        chosen.append(_M.id < after)
    return await fetch_all(
        connection, PoolMember, select(*_MEMBER).where(*chosen).order_by(_M.id.desc()).limit(PAGE + 1)
    )


def _conditions(community: str, environment: str, wanted: PoolFilter) -> list[ColumnElement[bool]]:
    """Each names the community where its index begins with it."""
    found: list[ColumnElement[bool]] = []
    rows = memberships.c
    around = (rows.community == community) & (rows.environment == environment)
    if wanted.unit and wanted.state:
        of_unit = select(rows.member).where(rows.unit == wanted.unit, rows.state == wanted.state)
        found.append(_M.id.in_(of_unit))
    elif wanted.unit:
        found.append(_M.id.in_(select(rows.member).where(rows.unit == wanted.unit, rows.state.notin_(OVER))))
    elif wanted.state:
        found.append(_M.id.in_(select(rows.member).where(around, rows.state == wanted.state)))
    if wanted.grid:
        found.append(_M.grid == wanted.grid)
    for table, name, value in ((post_claims, "post", wanted.post), (pool_skills, "skill", wanted.skill)):
        if value:
            of = (table.c.community == community) & (table.c.environment == environment)
            found.append(_M.id.in_(select(table.c.member).where(of, table.c[name] == value)))
    if wanted.part is not None:
        times = willing_times.c
        free = func.substr(times.week, wanted.part + 1, 1) != "0"
        found.append(select(times.person).where(times.person == _M.person, free).exists())
    return found


async def get_member(connection: Connection, member: str, environment: str) -> PoolMember | None:
    return await fetch_one(
        connection, PoolMember, select(*_MEMBER).where(_M.id == member, _M.environment == environment)
    )


async def member_of(connection: Connection, community: str, environment: str, number_hash: str) -> PoolMember | None:
    mine = (_M.community == community) & (_M.environment == environment) & (_M.number_hash == number_hash)
    return await fetch_one(connection, PoolMember, select(*_MEMBER).where(mine))


async def of_members(connection: Connection, of: Collection[str]) -> dict[str, list[Membership]]:
    """Return the memberships of each member, the oldest first."""
    wanted = select(*_MEMBERSHIP).where(memberships.c.member.in_(of)).order_by(memberships.c.id)
    found: dict[str, list[Membership]] = {}
    for each in await fetch_all(connection, Membership, wanted):
        found.setdefault(each.member, []).append(each)
    return found


async def get(connection: Connection, membership: str, environment: str, *, lock: bool = False) -> Membership | None:
    """`lock`: until the write ends."""
    of = (memberships.c.id == membership) & (memberships.c.environment == environment)
    wanted = select(*_MEMBERSHIP).where(of)
    return await fetch_one(connection, Membership, wanted.with_for_update() if lock else wanted)


async def of_unit(connection: Connection, unit: str, after: str, most: int = PAGE + 1) -> tuple[Membership, ...]:
    """Return memberships that are not over, with greater ids than `after`, in their order."""
    mine = (memberships.c.unit == unit) & memberships.c.state.notin_(OVER) & (memberships.c.id > after)
    return await fetch_all(
        connection, Membership, select(*_MEMBERSHIP).where(mine).order_by(memberships.c.id).limit(most)
    )


async def add(connection: Connection, members: Sequence[PoolMember], added: Sequence[Membership], by: str) -> None:
    """Add new members and memberships, with their first state in the history."""
    for start in range(0, len(members), _AT_ONCE):
        await connection.execute(pool_members.insert(), [asdict(each) for each in members[start : start + _AT_ONCE]])
    for start in range(0, len(added), _AT_ONCE):
        some = added[start : start + _AT_ONCE]
        await connection.execute(memberships.insert(), [asdict(each) for each in some])
        await record(connection, *(_change(each, each.state, by, each.made_at) for each in some))


async def known_numbers(
    connection: Connection, community: str, environment: str, hashes: Sequence[str]
) -> dict[str, str]:
    """Return the member of each number that has an entry."""
    found: dict[str, str] = {}
    around = (_M.community == community) & (_M.environment == environment)
    for start in range(0, len(hashes), _AT_ONCE):
        wanted = select(_M.number_hash, _M.id).where(around, _M.number_hash.in_(hashes[start : start + _AT_ONCE]))
        found |= {number: member for number, member in await connection.execute(wanted)}
    return found


async def members_of_unit(connection: Connection, unit: str) -> frozenset[str]:
    """Return the members with a membership of the unit in any state."""
    return frozenset(
        (await connection.execute(select(memberships.c.member).where(memberships.c.unit == unit))).scalars()
    )


async def change(connection: Connection, found: Membership, state: MembershipState, by: str, now: datetime) -> None:
    """Store the state; what the unit wrote is deleted when the membership is over."""
    values: dict[str, object] = {"state": state.value, "changed_at": now}
    if state in OVER:
        values["sealed"] = b""
        await connection.execute(delete(post_claims).where(post_claims.c.membership == found.id))
    await connection.execute(update(memberships).where(memberships.c.id == found.id).values(values))
    await record(connection, _change(found, state.value, by, now))


async def link(connection: Connection, member: str, person: str) -> None:
    await connection.execute(update(pool_members).where(_M.id == member).values(person=person))


async def set_profile(connection: Connection, member: PoolMember, grid: str, skills: Collection[str]) -> None:
    await connection.execute(update(pool_members).where(_M.id == member.id).values(grid=grid))
    await connection.execute(delete(pool_skills).where(pool_skills.c.member == member.id))
    rows = [
        {"member": member.id, "skill": skill, "community": member.community, "environment": member.environment}
        for skill in sorted(skills)
    ]
    if rows:
        await connection.execute(pool_skills.insert(), rows)


async def skills_of(connection: Connection, member: str) -> frozenset[str]:
    wanted = select(pool_skills.c.skill).where(pool_skills.c.member == member)
    return frozenset((await connection.execute(wanted)).scalars())


async def posts_of(connection: Connection, members: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Return membership and post of what each member holds."""
    rows = post_claims.c
    wanted = select(rows.member, rows.membership, rows.post).where(rows.member.in_(members))
    found: dict[str, list[tuple[str, str]]] = {}
    for member, membership, post in await connection.execute(wanted.order_by(rows.since, rows.post)):
        found.setdefault(member, []).append((membership, post))
    return found


async def hold_post(connection: Connection, found: Membership, post: str, now: datetime) -> None:
    row = {
        "membership": found.id,
        "post": post,
        "member": found.member,
        "community": found.community,
        "environment": found.environment,
        "since": now,
    }
    await connection.execute(post_claims.insert().values(row))


async def drop_post(connection: Connection, membership: str, post: str) -> None:
    of = (post_claims.c.membership == membership) & (post_claims.c.post == post)
    await connection.execute(delete(post_claims).where(of))


async def count_by(connection: Connection, community: str, environment: str) -> Mapping[str, Mapping[str, int]]:
    """Count current members by unit, by grid and by post. A member of two units counts in each."""
    rows = memberships.c
    around = (rows.community == community) & (rows.environment == environment) & rows.state.in_(CURRENT)
    by_grid = select(_M.grid, func.count(rows.member.distinct())).join(memberships, rows.member == _M.id)
    posts = post_claims.c
    of = (posts.community == community) & (posts.environment == environment)
    statements: dict[str, Select[tuple[str, int]]] = {
        "unit": select(rows.unit, func.count()).where(around).group_by(rows.unit),
        "grid": by_grid.where(around).group_by(_M.grid),
        "post": select(posts.post, func.count(posts.member.distinct())).where(of).group_by(posts.post),
    }
    return {
        name: {key: count for key, count in await connection.execute(statement)}
        for name, statement in statements.items()
    }


async def states_of_unit(connection: Connection, unit: str) -> dict[str, int]:
    rows = memberships.c
    wanted = select(rows.state, func.count()).where(rows.unit == unit).group_by(rows.state)
    return {state: count for state, count in await connection.execute(wanted)}


async def history(connection: Connection, ids: Collection[str]) -> tuple[StateChange, ...]:
    rows = state_changes.c
    wanted = select(rows.community, rows.record, rows.kind, rows.state, rows.by, rows.at)
    return await fetch_all(connection, StateChange, wanted.where(rows.record.in_(ids)).order_by(rows.seq))


async def keys(connection: Connection) -> dict[str, int]:
    """Count memberships whose data is stored, by the fingerprint of the key."""
    stored = select(memberships.c.key, func.count()).where(memberships.c.state.notin_(OVER)).group_by(memberships.c.key)
    return {key: count for key, count in await connection.execute(stored)}


async def erase(connection: Connection, member: PoolMember, now: datetime) -> None:
    """End what is not over, and delete what identifies the person."""
    for each in (await of_members(connection, [member.id])).get(member.id, ()):
        if each.state not in OVER:
            ended = MembershipState.ended if each.state in CURRENT else MembershipState.declined
            await change(connection, each, ended, member.person or "", now)
    await set_profile(connection, member, "", ())
    await connection.execute(update(pool_members).where(_M.id == member.id).values(number_hash=None, person=None))


def _change(found: Membership, state: str, by: str, at: datetime) -> StateChange:
    return StateChange(found.community, found.id, RecordKind.membership, state, by, at)
