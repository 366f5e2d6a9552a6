"""Store invitations; a number has one open invitation of a community at most."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.places.places import within
from volunteering.rules.invitations import InvitationState
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.invitation_tables import invitation_lists, invitations
from volunteering.store.tables import people

_MAX_LISTED = 100
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class InvitationList:
    id: str
    community: str
    environment: str
    made_by: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """`sealed` empty: no longer open. `tries`: wrong codes so far."""

    id: str
    community: str
    environment: str
    list: str
    number_hash: str
    sealed: bytes
    state: str
    tries: int
    expires_at: datetime
    changed_at: datetime


_LIST, _INVITATION = columns_of(invitation_lists, InvitationList), columns_of(invitations, Invitation)
_OPEN = invitations.c.state == InvitationState.open.value


async def add(connection: Connection, made: InvitationList, added: Collection[Invitation]) -> None:
    await connection.execute(invitation_lists.insert().values(asdict(made)))
    await connection.execute(invitations.insert(), [asdict(each) for each in added])
    opened, kind = InvitationState.open.value, RecordKind.invitation
    await record(connection, StateChange(made.community, made.id, kind, opened, made.made_by, made.made_at))


async def get(connection: Connection, invitation: str, *, lock: bool = False) -> Invitation | None:
    """`lock`: until the write ends."""
    wanted = select(*_INVITATION).where(invitations.c.id == invitation)
    return await fetch_one(connection, Invitation, wanted.with_for_update() if lock else wanted)


async def get_list(connection: Connection, wanted: str) -> InvitationList | None:
    return await fetch_one(connection, InvitationList, select(*_LIST).where(invitation_lists.c.id == wanted))


async def not_to_invite(
    connection: Connection, community: str, environment: str, numbers: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return which of these keyed numbers have joined, and which others were invited before."""
    joined = select(people.c.number_hash).where(people.c.community == community, people.c.environment == environment)
    asked = select(invitations.c.number_hash).where(invitations.c.community == community)
    asked = asked.where(invitations.c.environment == environment)
    members, invited, listed = set[str](), set[str](), sorted(numbers)
    for start in range(0, len(listed), _AT_ONCE):
        some = listed[start : start + _AT_ONCE]
        members |= set((await connection.execute(joined.where(people.c.number_hash.in_(some)))).scalars())
        invited |= set((await connection.execute(asked.where(invitations.c.number_hash.in_(some)))).scalars())
    return frozenset(members), frozenset(invited - members)


async def count_wrong_code(connection: Connection, invitation: Invitation) -> None:
    counted = update(invitations).where(invitations.c.id == invitation.id)
    await connection.execute(counted.values(tries=invitations.c.tries + 1))


async def end(
    connection: Connection, ended: Collection[Invitation], state: InvitationState, by: str, now: datetime
) -> None:
    """Set the state of open invitations, and delete number and code. `by`: a staff account or a person's id."""
    for each in ended:
        values = {"state": state.value, "sealed": b"", "changed_at": now}
        await connection.execute(update(invitations).where(invitations.c.id == each.id).values(values))
        await record(connection, StateChange(each.community, each.id, RecordKind.invitation, state, by, now))


async def open_of(connection: Connection, wanted: str) -> tuple[Invitation, ...]:
    """Return the open invitations of a list."""
    mine = select(*_INVITATION).where(_OPEN, invitations.c.list == wanted)
    return await fetch_all(connection, Invitation, mine.order_by(invitations.c.id))


async def lists_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[InvitationList, ...]:
    """Return the newest lists at and below `tops`."""
    wanted = select(*_LIST).where(within(invitation_lists.c.community, tops))
    mine = wanted.where(invitation_lists.c.environment == environment)
    return await fetch_all(
        connection, InvitationList, mine.order_by(invitation_lists.c.made_at.desc()).limit(_MAX_LISTED)
    )


async def count_states(connection: Connection, lists: Collection[str]) -> dict[str, dict[str, int]]:
    """Return for each list how many invitations have each state."""
    counted = select(invitations.c.list, invitations.c.state, func.count()).where(invitations.c.list.in_(lists))
    found: dict[str, dict[str, int]] = {each: {} for each in lists}
    for each, state, count in await connection.execute(counted.group_by(invitations.c.list, invitations.c.state)):
        found[each][state] = count
    return found


async def expired(connection: Connection, now: datetime) -> tuple[Invitation, ...]:
    wanted = select(*_INVITATION).where(_OPEN, invitations.c.expires_at <= now)
    return await fetch_all(connection, Invitation, wanted.order_by(invitations.c.id).limit(_AT_ONCE))


async def forget(connection: Connection, before: datetime) -> None:
    """Delete invitations that ended before then, and lists without invitations."""
    await connection.execute(delete(invitations).where(~_OPEN, invitations.c.changed_at <= before))
    used = select(invitations.c.list)
    old = invitation_lists.c.made_at <= before
    await connection.execute(delete(invitation_lists).where(old, invitation_lists.c.id.not_in(used)))
