"""Store merges of two people, and what moves from one to the other."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.places.places import within
from volunteering.rules.merges import OPEN, MergeState
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.merge_tables import merges
from volunteering.store.people import Person, PersonState
from volunteering.store.tables import highlight_consents, people, requests

_MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Merge:
    """A row; see `merge_tables.merges`. `approved_by`: "" before the approval."""

    id: str
    community: str
    environment: str
    ends: str
    remains: str
    state: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    due_at: datetime
    changed_at: datetime


_MERGE = columns_of(merges, Merge)
_OPEN = merges.c.state.in_(sorted(state.value for state in OPEN))


async def add(connection: Connection, merge: Merge) -> None:
    await connection.execute(merges.insert().values(asdict(merge)))
    await _record(connection, merge, MergeState.proposed, merge.proposed_by, merge.proposed_at)


async def get(connection: Connection, merge: str, *, lock: bool = False) -> Merge | None:
    """`lock`: until the write ends."""
    wanted = select(*_MERGE).where(merges.c.id == merge)
    return await fetch_one(connection, Merge, wanted.with_for_update() if lock else wanted)


async def open_of(connection: Connection, persons: Collection[str]) -> tuple[Merge, ...]:
    """Return the merges under way in which one of these people takes part."""
    either = or_(merges.c.ends.in_(persons), merges.c.remains.in_(persons))
    return await fetch_all(connection, Merge, select(*_MERGE).where(_OPEN, either).order_by(merges.c.proposed_at))


async def newest_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Merge, ...]:
    """Return the merges at and below `tops`, those under way first."""
    wanted = select(*_MERGE).where(within(merges.c.community, tops), merges.c.environment == environment)
    ordered = wanted.order_by(~_OPEN, merges.c.changed_at.desc()).limit(_MAX_LISTED)
    return await fetch_all(connection, Merge, ordered)


async def due(connection: Connection, now: datetime) -> tuple[Merge, ...]:
    return await fetch_all(connection, Merge, select(*_MERGE).where(_OPEN, merges.c.due_at <= now).limit(_MAX_LISTED))


async def change(
    connection: Connection,
    merge: Merge,
    state: MergeState,
    by: str,
    now: datetime,
    *,
    approved_by: str = "",
    due_at: datetime | None = None,
) -> None:
    """`by`: a staff account, or the id of a person."""
    values = {"state": state.value, "changed_at": now, "approved_by": approved_by or merge.approved_by}
    values |= {"due_at": due_at or merge.due_at}
    await connection.execute(update(merges).where(merges.c.id == merge.id).values(values))
    await _record(connection, merge, state, by, now)


async def move_to(connection: Connection, ends: Person, remains: Person) -> None:
    """Let the records of one person count for the other, with requests for help and consents to pictures."""
    merged = {"state": PersonState.merged.value, "merged_into": remains.id}
    await connection.execute(update(people).where(people.c.id == ends.id).values(merged))
    await connection.execute(update(people).where(people.c.merged_into == ends.id).values(merged_into=remains.id))
    for column in (requests.c.person, requests.c.helper):
        await connection.execute(update(requests).where(column == ends.id).values({column.name: remains.id}))
    if ends.number_hash and remains.number_hash:
        consents, number = highlight_consents.c, remains.number_hash
        mine = (consents.community == ends.community) & (consents.number_hash == ends.number_hash)
        await connection.execute(update(highlight_consents).where(mine).values(number_hash=number))


async def _record(connection: Connection, merge: Merge, state: MergeState, by: str, now: datetime) -> None:
    await record(connection, StateChange(merge.community, merge.id, RecordKind.merge, state, by, now))
