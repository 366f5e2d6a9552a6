"""Propose people for coming shifts: what shifts need, the plan with its reasons, what would fill an empty seat."""

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.dispatch.costs import SHORTAGE, pair_cost
from volunteering.dispatch.explanation import find_gaps
from volunteering.dispatch.hard_rules import DAY_LIMIT
from volunteering.dispatch.planner import NoPlanReason, make_plan
from volunteering.dispatch.proposing import gather, send, store_drafts
from volunteering.dispatch.world import Cost, Gap, Obstacle, PlannedShift, Risk, World
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.staff.dispatch_people import drafted_plan, people_of_shift
from volunteering.store import activities, dispatch
from volunteering.store.activities import ListedShift
from volunteering.store.dispatch import Proposal, ProposalState, ShiftNeeds

AT = "/staff/volunteers/dispatch"
MAX_LEAST, _MAX_GRID = 50, 20
_OBSTACLES = {
    Obstacle.not_free: _("not free at this time: %(count)s"),
    Obstacle.declined: _("declined this shift: %(count)s"),
    Obstacle.qualification: _("lack only the training: %(count)s"),
    Obstacle.too_young: _("only too young: %(count)s"),
    Obstacle.overlap: _("have another shift at this time: %(count)s"),
    Obstacle.rest: _("without a break between two shifts: %(count)s"),
    Obstacle.day_limit: _("more than 8 hours on this day: %(count)s"),
    Obstacle.week_limit: _("more shifts in this week than they want: %(count)s"),
}
"""What alone keeps people from a seat, in the words of a list."""
_NO_PLAN = {
    NoPlanReason.not_installed: _(
        "The server lacks the package beacon-central-dispatch. Ask the operator to install it."
    ),
    NoPlanReason.too_long: _("No plan was found in time. Ask for less: fewer shifts, or fewer people at least."),
    NoPlanReason.failed: _("The plan could not be made; the server's log has the reason."),
}
_RISKS = {Risk.low: _("low"), Risk.medium: _("medium: nobody alone"), Risk.high: _("high: three people at least")}


@dataclass(frozen=True, slots=True)
class _Proposed:
    """A person in the list. `name`: the last digits of the id; names are not needed to decide."""

    name: str
    grid: str
    state: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class _Row:
    listed: ListedShift
    day: str
    hours: str
    shift: PlannedShift
    proposed: tuple[_Proposed, ...]
    gap: Gap | None
    too_long: bool


class DispatchPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(AT, self._show, Right.see),
            frame.page(f"{AT}/people/{{shift:[0-9a-f]{{32}}}}", self._show_people, Right.see),
            frame.form(f"{AT}/plan", self._plan, Right.edit),
            frame.form(f"{AT}/send", self._send, Right.edit),
            frame.form(f"{AT}/needs/{{shift:[0-9a-f]{{32}}}}", self._set_needs, Right.edit),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor, visitor.request.query.get("place", ""))

    async def _page(self, visitor: Visitor, place: str, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
            chosen = next((each for each in communities if each.id == place), communities[0] if communities else None)
            if chosen is None or (place and chosen.id != place):
                raise web.HTTPNotFound
            world, listed = await gather(connection, chosen.id, self._environment, visitor.now)
            known = await dispatch.proposals_for(connection, [each.shift.id for each in listed])
            needs = await dispatch.needs_of(connection, [each.shift.id for each in listed])
        rows = _rows(visitor, world, listed, known)
        values = {
            "communities": communities,
            "chosen": chosen,
            "rows": rows,
            "needs": needs,
            "grids": _grids(rows),
            "risks": _RISKS,
            "obstacles": _OBSTACLES,
            "helpers": len(world.helpers),
            "drafts": sum(each.state == ProposalState.drafted for each in known),
            "may_edit": visitor.access.has(Right.edit),
            "fault": fault,
            "done": visitor.request.query.get("done", ""),
            "most": MAX_LEAST,
        }
        return HtmlPage("volunteer_dispatch.html", values, 503 if fault else 200)

    async def _show_people(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            listed = await self._find(connection, visitor.request.match_info["shift"])
            await visitor.demand(connection, listed.shift.community)
            world, coming = await gather(connection, listed.shift.community, self._environment, visitor.now)
            if listed.shift.id not in {each.shift.id for each in coming}:
                raise web.HTTPNotFound  # it has begun, or lies beyond the coming days
            known = await dispatch.proposals_for(connection, [each.shift.id for each in coming])
        return people_of_shift(visitor, world, listed, coming, known)

    async def _plan(self, visitor: Visitor) -> HtmlPage | Redirect:
        place = visitor.form.get("place", "")
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            world, _listed = await gather(connection, place, self._environment, visitor.now)
        plan = await make_plan(world)
        if isinstance(plan, NoPlanReason):
            return await self._page(visitor, place, _NO_PLAN[plan])
        async with visitor.database.write() as connection:
            await store_drafts(connection, world, plan, place, visitor.access.account, visitor.now)
        return Redirect(_done(place, "planned"))

    async def _send(self, visitor: Visitor) -> Redirect:
        place = visitor.form.get("place", "")
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            await send(connection, place, self._environment, visitor.access.account, visitor.now)
        return Redirect(_done(place, "sent"))

    async def _set_needs(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            listed = await self._find(connection, visitor.request.match_info["shift"])
            await visitor.demand(connection, listed.shift.community)
            await dispatch.set_needs(connection, _read_needs(listed.shift.id, visitor))
        return Redirect(_done(listed.shift.community, "saved"))

    async def _find(self, connection: Connection, shift: str) -> ListedShift:
        listed = (await activities.of_ids(connection, [shift])).get(shift)
        if listed is None or listed.shift.environment != self._environment:
            raise web.HTTPNotFound
        return listed


def _done(place: str, what: str) -> str:
    return f"{AT}?{urlencode({'place': place, 'done': what})}"


def _read_needs(shift: str, visitor: Visitor) -> ShiftNeeds:
    """Raises HTTPBadRequest for values that the page cannot send."""
    form = visitor.form
    least, risk, grid = form.get("least", ""), form.get("risk", ""), " ".join(form.get("grid", "").split())
    if least not in map(str, range(1, MAX_LEAST + 1)) or risk not in {str(int(each)) for each in Risk}:
        raise web.HTTPBadRequest
    if len(grid) > _MAX_GRID or not grid.isprintable():
        raise web.HTTPBadRequest
    return ShiftNeeds(shift, int(least), int(risk), grid, "adults" in form)


def _rows(visitor: Visitor, world: World, listed: list[ListedShift], known: tuple[Proposal, ...]) -> list[_Row]:
    """Return the shifts in order of urgency: weighed missing people, then time."""
    helpers, shifts = {each.id: each for each in world.helpers}, {each.id: each for each in world.shifts}
    gaps = {each.shift: each for each in find_gaps(world, drafted_plan(world, known))}
    rows = []
    for each in listed:
        shift, reader = shifts[each.shift.id], visitor.language
        proposed = [
            _Proposed(
                one.person[-4:], helpers[one.person].grid, one.state, pair_cost(helpers[one.person], shift, frozenset())
            )
            for one in known
            if one.shift == shift.id and one.person in helpers
        ]
        times = each.shift.times
        gap = gaps.get(shift.id)
        rows.append(
            _Row(
                each,
                shift_day(times, reader),
                shift_hours(times, reader),
                shift,
                tuple(proposed),
                gap,
                times.ends - times.starts > DAY_LIMIT,
            )
        )
    return sorted(rows, key=lambda row: -(SHORTAGE[row.shift.risk] * row.gap.missing) if row.gap else 0)


@dataclass(frozen=True, slots=True)
class _Grid:
    """A field of the map: how many people its shifts have of those they need at least, with proposals."""

    name: str
    present: int
    needed: int


def _grids(rows: list[_Row]) -> list[_Grid]:
    """Return the fields of the map, by name; shifts without a grid are not on it."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row.shift.grid:
            needed = min(row.shift.least, row.shift.seats)
            missing = row.gap.missing if row.gap else 0
            present, all_ = sums.get(row.shift.grid, (0, 0))
            sums[row.shift.grid] = (present + needed - missing, all_ + needed)
    return [_Grid(name, *sums[name]) for name in sorted(sums)]
