"""Store activities and their shifts."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select, update

from central_server.store.engine.connection import Connection
from central_server.store.places.places import within
from sync_contract.project import Texts
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.tables import opportunities, shifts

_ACTIVITY = "activity"
_MAX_LISTED = 100
_MAX_SHOWN = 60
"""On a phone."""


class ActivityState(StrEnum):
    open = "open"
    cancelled = "cancelled"


@dataclass(frozen=True, slots=True)
class Activity:
    """`meeting`: where people meet. `about` None: nothing more to say."""

    id: str
    community: str
    environment: str
    title: Texts
    about: Texts | None
    meeting: Texts
    state: ActivityState
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    id: str
    opportunity: str
    community: str
    environment: str
    starts: datetime
    ends: datetime
    seats: int
    state: ActivityState

    @property
    def times(self) -> ShiftTimes:
        return ShiftTimes(self.starts, self.ends)


@dataclass(frozen=True, slots=True)
class ListedShift:
    """A shift with its activity, as lists show it."""

    activity: Activity
    shift: Shift


async def add(connection: Connection, activity: Activity, added: Collection[Shift]) -> None:
    """Store a new activity with its shifts."""
    row = {**asdict(activity), "kind": _ACTIVITY, "state": activity.state.value}
    for field in ("title", "about", "meeting"):
        texts = getattr(activity, field)
        row[field] = "" if texts is None else texts.model_dump_json(by_alias=True)
    await connection.execute(opportunities.insert().values(row))
    by, at = activity.made_by, activity.made_at
    await record(connection, StateChange(activity.community, activity.id, RecordKind.activity, activity.state, by, at))
    await add_shifts(connection, added, by, at)


async def add_shifts(connection: Connection, added: Collection[Shift], by: str, at: datetime) -> None:
    await connection.execute(shifts.insert(), [{**asdict(each), "state": each.state.value} for each in added])
    changes = [StateChange(each.community, each.id, RecordKind.shift, each.state, by, at) for each in added]
    await record(connection, *changes)


async def coming(
    connection: Connection, community: str, environment: str, now: datetime, most: int = _MAX_SHOWN
) -> tuple[ListedShift, ...]:
    """Return the community's shifts that have not ended, in order of time."""
    wanted = _listed(environment, now).where(shifts.c.community == community)
    return await _fetch(connection, wanted.limit(most))


async def coming_below(
    connection: Connection, tops: Collection[str], environment: str, now: datetime
) -> tuple[ListedShift, ...]:
    """Return the shifts at and below `tops` that have not ended, in order of time."""
    return await _fetch(connection, _listed(environment, now).where(within(shifts.c.community, tops)))


async def below_between(
    connection: Connection, tops: Collection[str], environment: str, since: datetime, until: datetime
) -> tuple[ListedShift, ...]:
    """Return the shifts at and below `tops` that take place between the times and are not cancelled, in order."""
    wanted = _listed(environment, since).where(
        within(shifts.c.community, tops), shifts.c.starts < until, shifts.c.state == ActivityState.open.value
    )
    return await _fetch(connection, wanted)


async def get_shift(connection: Connection, community: str, environment: str, shift: str) -> ListedShift | None:
    """Return None for a shift that does not exist in this community."""
    wanted = _JOINED.where(shifts.c.id == shift, shifts.c.community == community, shifts.c.environment == environment)
    return next(iter(await _fetch(connection, wanted)), None)


async def of_ids(connection: Connection, wanted: Collection[str]) -> dict[str, ListedShift]:
    """Return shifts by id."""
    found = await _fetch(connection, _JOINED.where(shifts.c.id.in_(wanted)))
    return {each.shift.id: each for each in found}


async def begin_between(connection: Connection, since: datetime, until: datetime) -> tuple[Shift, ...]:
    """Return the open shifts of all communities that begin after `since`, until `until`."""
    around = _JOINED.where(shifts.c.starts > since, shifts.c.starts <= until)
    found = await _fetch(connection, around.where(shifts.c.state == ActivityState.open.value))
    return tuple(each.shift for each in found)


async def next_of(connection: Connection, shift: Shift, until: datetime) -> ListedShift | None:
    """Return the next open shift of the same activity that begins before `until`."""
    later = _JOINED.where(shifts.c.opportunity == shift.opportunity, shifts.c.state == ActivityState.open.value)
    between = later.where(shifts.c.starts > shift.starts, shifts.c.starts < until)
    return next(iter(await _fetch(connection, between.order_by(shifts.c.starts).limit(1))), None)


async def shifts_of(connection: Connection, activity: str) -> tuple[Shift, ...]:
    """Return the shifts of an activity, in order of time."""
    found = await _fetch(connection, _JOINED.where(shifts.c.opportunity == activity).order_by(shifts.c.starts))
    return tuple(each.shift for each in found)


async def begins_of(
    connection: Connection, wanted: Collection[str], since: datetime
) -> frozenset[tuple[str, datetime]]:
    """Return activity and begin of each shift of these activities that begins after a time, cancelled ones too."""
    found = select(shifts.c.opportunity, shifts.c.starts).where(shifts.c.opportunity.in_(wanted))
    return frozenset((row[0], row[1]) for row in await connection.execute(found.where(shifts.c.starts > since)))


async def cancel_shift(connection: Connection, shift: Shift, account: str, now: datetime) -> None:
    state = ActivityState.cancelled
    await connection.execute(update(shifts).where(shifts.c.id == shift.id).values(state=state.value))
    await record(connection, StateChange(shift.community, shift.id, RecordKind.shift, state, account, now))


def _listed(environment: str, now: datetime) -> Select[Any]:
    chosen = _JOINED.where(shifts.c.environment == environment, shifts.c.ends > now)
    return chosen.order_by(shifts.c.starts, shifts.c.id).limit(_MAX_LISTED)


async def _fetch(connection: Connection, statement: Select[Any]) -> tuple[ListedShift, ...]:
    return tuple(_listed_of(row) for row in await connection.execute(statement))


def _listed_of(row: Any) -> ListedShift:  # noqa: ANN401  (a row)
    of = row._mapping
    activity = Activity(
        row.opportunity,
        row.community,
        row.environment,
        Texts.model_validate_json(row.title),
        Texts.model_validate_json(row.about) if row.about else None,
        Texts.model_validate_json(row.meeting),
        ActivityState(of["activity_state"]),
        row.made_by,
        row.made_at,
    )
    shift = Shift(
        row.id,
        row.opportunity,
        row.community,
        row.environment,
        row.starts,
        row.ends,
        row.seats,
        ActivityState(row.state),
    )
    return ListedShift(activity, shift)


_OF_ACTIVITY = ("title", "about", "meeting", "made_by", "made_at")
_JOINED = select(
    *shifts.c,
    opportunities.c.state.label("activity_state"),
    *(opportunities.c[name] for name in _OF_ACTIVITY),
).join(opportunities, opportunities.c.id == shifts.c.opportunity)
