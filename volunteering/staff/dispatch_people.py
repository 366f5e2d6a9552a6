"""Show everybody who could be asked for one shift: their state, or what keeps them from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from central_server.staff.frame.page_frame import HtmlPage, Visitor
from daemonkit.i18n import marked as _
from volunteering.dispatch.costs import pair_cost
from volunteering.dispatch.explanation import NotProposed, why_not
from volunteering.dispatch.world import Cost, Helper, Obstacle, Pair, Plan, World
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store.activities import ListedShift
from volunteering.store.dispatch import Proposal, ProposalState

SHOWN = 200
"""People on the page; those nearest to the seat come first."""
HAS_SEAT = "seat"
_OBSTACLES = {
    Obstacle.not_free: _("is not free at this time"),
    Obstacle.declined: _("declined this shift"),
    Obstacle.qualification: _("lacks the training"),
    Obstacle.too_young: _("is too young"),
    Obstacle.overlap: _("has another shift at this time"),
    Obstacle.rest: _("has no break before or after another shift"),
    Obstacle.day_limit: _("would serve more than 8 hours on this day"),
    Obstacle.week_limit: _("has as many shifts in this week as they want"),
}
_RANKS = {HAS_SEAT: 0, ProposalState.accepted: 0, ProposalState.proposed: 1, ProposalState.drafted: 2, "": 3}


@dataclass(frozen=True, slots=True)
class _Person:
    """`name`: the last digits of the id. `state`: of `ProposalState`, HAS_SEAT, or empty: then `reasons` say why not.

    `elsewhere`: the plan's shifts that they would have to leave. `cost`: what speaks against them.
    """

    name: str
    grid: str
    state: str
    reasons: tuple[str, ...]
    elsewhere: tuple[str, ...]
    full: bool
    cost: Cost

    @property
    def rank(self) -> tuple[int, int, int, str]:
        return (_RANKS.get(self.state, 3), len(self.reasons) + len(self.elsewhere), self.cost.total, self.name)


def drafted_plan(world: World, known: Sequence[Proposal]) -> Plan:
    """Return the plan that is on the page."""
    helpers = {each.id for each in world.helpers}
    drafts = [each for each in known if each.state == ProposalState.drafted and each.person in helpers]
    return Plan(tuple(Pair(each.person, each.shift) for each in drafts), (), 0, 0)


def people_of_shift(
    visitor: Visitor, world: World, listed: ListedShift, coming: Sequence[ListedShift], known: Sequence[Proposal]
) -> HtmlPage:
    """`coming`: all shifts of the plan. `known`: the proposals for them."""
    wanted = listed.shift.id
    shift = next(each for each in world.shifts if each.id == wanted)
    states = {each.person: each.state for each in known if each.shift == wanted}
    titles = {each.shift.id: each.activity.title for each in coming}
    reasons = why_not(world, drafted_plan(world, known), wanted)

    def person(helper: Helper) -> _Person:
        state = states.get(helper.id, "")
        if not state and any(each.shift == wanted for each in helper.commitments):
            state = HAS_SEAT
        shown = state if state != ProposalState.declined else ""
        reason = reasons.get(helper.id, NotProposed()) if not shown else NotProposed()
        return _Person(
            helper.id[-4:],
            helper.grid,
            shown,
            tuple(_OBSTACLES[each] for each in reason.obstacles),
            tuple(titles[each][visitor.language] for each in reason.conflicts),
            reason.full,
            pair_cost(helper, shift, world.former),
        )

    people = sorted(map(person, world.helpers), key=lambda each: each.rank)
    times = listed.shift.times
    values = {
        "listed": listed,
        "day": shift_day(times, visitor.language),
        "hours": shift_hours(times, visitor.language),
        "shift": shift,
        "people": people[:SHOWN],
        "more": max(len(people) - SHOWN, 0),
        "could": sum(not (each.state or each.reasons or each.elsewhere) for each in people),
    }
    return HtmlPage("volunteer_dispatch_people.html", values)
