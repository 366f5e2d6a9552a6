"""Store when people can help, what shifts need, and proposals; changes of proposals are in the history."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from volunteering.rules.seats import TAKES_SEAT
from volunteering.store.history import RecordKind, StateChange, record
from volunteering.store.tables import people, proposals, service_records, shift_needs, shifts, sign_ups, willing_times


class ProposalState(StrEnum):
    drafted = "drafted"
    """Only staff see it."""
    proposed = "proposed"
    """The person sees it and may answer."""
    accepted = "accepted"
    declined = "declined"


@dataclass(frozen=True, slots=True)
class WillingTimes:
    """`week`: 21 digits of `Willing`, for morning, afternoon and evening of each day from Monday."""

    person: str
    community: str
    environment: str
    week: str
    per_week: int
    grid: str
    adult: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ShiftNeeds:
    """`risk`: a value of `Risk`."""

    shift: str
    least: int
    risk: int
    grid: str
    adults_only: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row; see `dispatch_tables.proposals`."""

    id: str
    community: str
    shift: str
    person: str
    state: str
    gladly: bool
    near: bool
    made_by: str
    made_at: datetime
    answered_at: datetime | None


_WILLING = columns_of(willing_times, WillingTimes)
_NEEDS = columns_of(shift_needs, ShiftNeeds)
_PROPOSAL = columns_of(proposals, Proposal)


async def set_willing(connection: Connection, times: WillingTimes) -> None:
    """Replace what the person wrote; without any time, delete it."""
    await connection.execute(delete(willing_times).where(willing_times.c.person == times.person))
    if times.week.strip("0"):
        await connection.execute(willing_times.insert().values(asdict(times)))


async def willing_of(connection: Connection, person: str) -> WillingTimes | None:
    return await fetch_one(connection, WillingTimes, select(*_WILLING).where(willing_times.c.person == person))


async def willing_in(connection: Connection, community: str, environment: str, limit: int) -> tuple[WillingTimes, ...]:
    """Return what the community's active people wrote, in the order of their ids."""
    wanted = select(*_WILLING).join(people, people.c.id == willing_times.c.person)
    wanted = wanted.where(willing_times.c.community == community, willing_times.c.environment == environment)
    wanted = wanted.where(people.c.state == "active").order_by(willing_times.c.person).limit(limit)
    return await fetch_all(connection, WillingTimes, wanted)


async def set_needs(connection: Connection, needs: ShiftNeeds) -> None:
    await connection.execute(delete(shift_needs).where(shift_needs.c.shift == needs.shift))
    await connection.execute(shift_needs.insert().values(asdict(needs)))


async def needs_of(connection: Connection, wanted: Collection[str]) -> dict[str, ShiftNeeds]:
    """Return what was written about shifts, by shift."""
    found = await fetch_all(connection, ShiftNeeds, select(*_NEEDS).where(shift_needs.c.shift.in_(wanted)))
    return {each.shift: each for each in found}


async def minutes_since(connection: Connection, community: str, since: datetime) -> dict[str, int]:
    """Return the minutes of service of the community's people since a time, by person."""
    summed = select(service_records.c.person, func.sum(service_records.c.minutes))
    summed = summed.where(service_records.c.community == community, service_records.c.starts >= since)
    found = await connection.execute(summed.group_by(service_records.c.person))
    return {person: max(int(minutes), 0) for person, minutes in found}


async def promised_since(
    connection: Connection, community: str, since: datetime
) -> list[tuple[str, str, datetime, datetime]]:
    """Return person, shift, start and end of each seat that is taken in shifts that end after a time."""
    wanted = select(sign_ups.c.person, shifts.c.id, shifts.c.starts, shifts.c.ends)
    wanted = wanted.join(shifts, shifts.c.id == sign_ups.c.shift).where(sign_ups.c.community == community)
    wanted = wanted.where(shifts.c.ends > since, sign_ups.c.state.in_([each.value for each in TAKES_SEAT]))
    return [(row[0], row[1], row[2], row[3]) for row in await connection.execute(wanted)]


async def proposals_for(connection: Connection, wanted: Collection[str]) -> tuple[Proposal, ...]:
    """Return every proposal for shifts, in the order of their ids."""
    found = select(*_PROPOSAL).where(proposals.c.shift.in_(wanted)).order_by(proposals.c.id)
    return await fetch_all(connection, Proposal, found)


async def open_of(connection: Connection, person: str, now: datetime) -> tuple[Proposal, ...]:
    """Return the proposals that the person may answer, in the order of their shifts."""
    wanted = select(*_PROPOSAL).join(shifts, shifts.c.id == proposals.c.shift).where(proposals.c.person == person)
    wanted = wanted.where(proposals.c.state == ProposalState.proposed.value, shifts.c.starts > now)
    return await fetch_all(connection, Proposal, wanted.order_by(shifts.c.starts, proposals.c.id))


async def every_of(connection: Connection, person: str) -> tuple[Proposal, ...]:
    """Return the proposals that the person was shown."""
    wanted = select(*_PROPOSAL).where(proposals.c.person == person, proposals.c.state != ProposalState.drafted.value)
    return await fetch_all(connection, Proposal, wanted.order_by(proposals.c.id))


async def replace_drafts(connection: Connection, wanted: Collection[str], drafts: Sequence[Proposal]) -> None:
    """Replace the drafts for shifts; what people already see stays."""
    drafted = ProposalState.drafted.value
    await connection.execute(delete(proposals).where(proposals.c.shift.in_(wanted), proposals.c.state == drafted))
    if drafts:
        await connection.execute(proposals.insert(), [asdict(each) for each in drafts])


async def change_state(
    connection: Connection, changed: Sequence[Proposal], state: ProposalState, by: str, now: datetime
) -> None:
    """`by`: the account that sends, or the person who answers."""
    if not changed:
        return
    values: dict[str, object] = {"state": state.value}
    if state in (ProposalState.accepted, ProposalState.declined):
        values["answered_at"] = now
    ids = [each.id for each in changed]
    await connection.execute(update(proposals).where(proposals.c.id.in_(ids)).values(values))
    changes = [StateChange(each.community, each.id, RecordKind.proposal, state, by, now) for each in changed]
    await record(connection, *changes)


async def erase(connection: Connection, person: str) -> None:
    """Delete what the person wrote and was asked."""
    await connection.execute(delete(willing_times).where(willing_times.c.person == person))
    await connection.execute(delete(proposals).where(proposals.c.person == person))
