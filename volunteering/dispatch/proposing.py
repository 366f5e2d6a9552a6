"""Gather the input of a plan from the store, and store its pairs as proposals. People accept or decline them."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.store.engine.connection import Connection
from sync_contract.uuid7 import new_id
from volunteering.activities.sign_up import SignUpProblem, sign_up
from volunteering.dispatch.costs import pair_cost
from volunteering.dispatch.world import (
    LEAST_BY_RISK,
    MAX_PEOPLE,
    MAX_SHIFTS,
    Commitment,
    Helper,
    Pair,
    Plan,
    PlannedShift,
    Risk,
    Willing,
    World,
)
from volunteering.messages import notices
from volunteering.rules.seats import SignUpState
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import activities, dispatch, sign_ups
from volunteering.store.activities import ListedShift
from volunteering.store.dispatch import Proposal, ProposalState, ShiftNeeds
from volunteering.store.people import Person

AHEAD = timedelta(days=8)
_RECENT = timedelta(days=28)
_WEEK = timedelta(days=7)
"""Promises of the week before also count to the most shifts of a week."""


class AnswerProblem(StrEnum):
    gone = "gone"
    """The proposal was answered already, or its shift began."""
    full = "full"
    """All seats were taken before; the person is on the waiting list."""


async def gather(
    connection: Connection, community: str, environment: str, now: datetime
) -> tuple[World, list[ListedShift]]:
    """Return the input of a plan for the community's coming shifts, and these shifts."""
    coming = await activities.below_between(connection, [community], environment, now, now + AHEAD)
    listed = [each for each in coming if each.shift.starts > now][:MAX_SHIFTS]
    ids = [each.shift.id for each in listed]
    needs = await dispatch.needs_of(connection, ids)
    uses = await sign_ups.uses(connection, {each.shift.id: each.shift.seats for each in listed})
    asked = await dispatch.proposals_for(connection, ids)
    by_state = {state: [each for each in asked if each.state == state] for state in ProposalState}
    awaited = Counter(each.shift for each in by_state[ProposalState.proposed])
    shifts = [
        planned(each, needs.get(each.shift.id), uses[each.shift.id].taken + awaited[each.shift.id]) for each in listed
    ]
    promised = await _promised(connection, community, listed, by_state[ProposalState.proposed], now)
    declined: dict[str, set[str]] = {}
    for each in by_state[ProposalState.declined]:
        declined.setdefault(each.person, set()).add(each.shift)
    minutes = await dispatch.minutes_since(connection, community, now - _RECENT)
    helpers = [
        Helper(
            each.person,
            tuple(Willing(int(digit)) for digit in each.week),
            each.per_week,
            each.grid,
            each.adult,
            minutes.get(each.person, 0),
            declined=frozenset(declined.get(each.person, ())),
            commitments=tuple(promised.get(each.person, ())),
        )
        for each in await dispatch.willing_in(connection, community, environment, MAX_PEOPLE)
    ]
    drafted = frozenset(Pair(each.person, each.shift) for each in by_state[ProposalState.drafted])
    return World(tuple(helpers), tuple(shifts), drafted), listed


async def _promised(
    connection: Connection, community: str, listed: list[ListedShift], open_: list[Proposal], now: datetime
) -> dict[str, list[Commitment]]:
    """Return the shifts that people have promised or are asked for, by person."""
    times = {each.shift.id: each.shift.times for each in listed}
    found: dict[str, list[Commitment]] = {}
    for person, shift, starts, ends in await dispatch.promised_since(connection, community, now - _WEEK):
        found.setdefault(person, []).append(Commitment(shift, ShiftTimes(starts, ends)))
    for each in open_:
        found.setdefault(each.person, []).append(Commitment(each.shift, times[each.shift]))
    return found


def planned(listed: ListedShift, needs: ShiftNeeds | None, taken: int) -> PlannedShift:
    """`taken`: seats that are confirmed, offered or proposed."""
    shift, risk = listed.shift, Risk(needs.risk if needs else Risk.low)
    least = max(needs.least if needs else 0, LEAST_BY_RISK[risk])
    grid, adults_only = (needs.grid, needs.adults_only) if needs else ("", False)
    return PlannedShift(shift.id, shift.times, shift.seats, least, risk, grid, taken, adults_only)


async def store_drafts(
    connection: Connection, world: World, plan: Plan, community: str, account: str, now: datetime
) -> None:
    """Replace the drafts of the community's coming shifts by the pairs of a plan, unless the person was asked since."""
    helpers, shifts = {each.id: each for each in world.helpers}, {each.id: each for each in world.shifts}
    asked = {
        Pair(each.person, each.shift)
        for each in await dispatch.proposals_for(connection, shifts)
        if each.state != ProposalState.drafted
    }
    drafts = []
    for pair in plan.pairs:
        if pair not in asked:
            cost = pair_cost(helpers[pair.person], shifts[pair.shift], frozenset())
            near = bool(shifts[pair.shift].grid) and not cost.grid
            row = (new_id(), community, pair.shift, pair.person, ProposalState.drafted.value, not cost.preference, near)
            drafts.append(Proposal(*row, account, now, None))
    await dispatch.replace_drafts(connection, shifts, drafts)


async def send(connection: Connection, community: str, environment: str, account: str, now: datetime) -> int:
    """Show the drafts for the community's coming shifts to their people, and send messages; return how many."""
    coming = await activities.below_between(connection, [community], environment, now, now + AHEAD)
    found = await dispatch.proposals_for(connection, [each.shift.id for each in coming if each.shift.starts > now])
    drafts = [each for each in found if each.state == ProposalState.drafted]
    await dispatch.change_state(connection, drafts, ProposalState.proposed, account, now)
    for listed in coming:
        if asked := [each.person for each in drafts if each.shift == listed.shift.id]:
            await notices.asked(connection, listed.shift, asked, now)
    return len(drafts)


async def answer(
    connection: Connection, person: Person, proposal: str, *, accepted: bool, now: datetime
) -> AnswerProblem | SignUpProblem | None:
    """Accept or decline a proposal; an accepted one is a sign-up. Return None if it was done."""
    own = next((each for each in await dispatch.open_of(connection, person.id, now) if each.id == proposal), None)
    if own is None:
        return AnswerProblem.gone
    if not accepted:
        await dispatch.change_state(connection, [own], ProposalState.declined, person.id, now)
        return None
    state = await sign_up(connection, person, own.shift, now)
    if isinstance(state, SignUpProblem):
        return state
    await dispatch.change_state(connection, [own], ProposalState.accepted, person.id, now)
    return None if state in (SignUpState.confirmed, SignUpState.offered) else AnswerProblem.full
