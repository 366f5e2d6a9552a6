"""Show a unit's contact the members of the own unit: what the unit stated, and the state with the community.

Nothing that members told the community is on these pages: no grid, post, skill, or other unit.
"""

from collections.abc import Callable, Sequence

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.people.sealed_person import PersonSeal
from volunteering.pool.act_on_membership import By, PoolProblem, act
from volunteering.pool.enlist import Listed, enlist, prepare
from volunteering.pool.unit_form import ListFault, read_listed
from volunteering.pool.wording import ACTIONS, BROKEN, CHANGED, STATES
from volunteering.rules.pool_states import Action, Actor, MembershipState, actions_of
from volunteering.staff.slip_page import slip_page
from volunteering.store import pool, units
from volunteering.store.pool import PAGE, Membership
from volunteering.store.units import Unit

_log = structlog.get_logger()
AT = "/staff/volunteers/own-unit"
ONE = AT + "/{unit:[0-9a-f]{32}}"
FAULTS = {
    ListFault.name: _("Write the name, 30 characters at most."),
    ListFault.mobile: _("This is not a mobile number of eleven digits."),
    ListFault.duty: _("The duty has 30 characters at most."),
    ListFault.grid: _("The community has no such grid."),
    ListFault.unit: _("The community has no unit with this code."),
    ListFault.repeated: _("This number is in the list twice."),
}


class OwnUnitPage:
    """`address`: the origin that phones reach."""

    def __init__(
        self, frame: PageFrame, seal: PersonSeal, environment: Environment, address: Callable[[], str]
    ) -> None:
        self._frame = frame
        self._address = address
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        action = "{membership:[0-9a-f]{32}}/{action:print|decline|ask_leave|agree_leave}"
        return [
            frame.page(AT, self._choose, Right.unit),
            frame.page(ONE, self._show, Right.unit),
            frame.form(f"{ONE}/members", self._add, Right.unit),
            frame.form(f"{ONE}/{action}", self._act, Right.unit),
        ]

    async def _choose(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.read() as connection:
            found = await own_units(connection, visitor, self._environment)
        if len(found) == 1:
            return Redirect(f"{AT}/{found[0].id}")
        return HtmlPage("volunteer_own_units.html", {"units": found, "section": AT})

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            unit = await own_unit(connection, visitor, self._environment)
        return await self._page(visitor, unit)

    async def _page(self, visitor: Visitor, unit: Unit, fault: str = "", status: int = 422) -> HtmlPage:
        after = visitor.request.query.get("after", "")[:32]
        async with visitor.database.read() as connection:
            found = await pool.of_unit(connection, unit.id, after)
            counts = await pool.states_of_unit(connection, unit.id)
            grids = await places.every(connection, [unit.community], PlaceKind.grid)
        shown = found[:PAGE]
        try:
            listed = [self._seal.open_membership(each.id, each.sealed, Listed) for each in shown]
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            shown, listed, fault, status = (), [], BROKEN, 503
        values = {
            "unit": unit,
            "rows": _rows(shown, listed),
            "counts": [(state, counts[state]) for state in MembershipState if state in counts],
            "grids": grids,
            "states": STATES,
            "first": f"{AT}/{unit.id}" if after else "",
            "more": f"{AT}/{unit.id}?after={shown[-1].id}" if len(found) > PAGE and shown else "",
            "added": "added" in visitor.request.query,
            "typed": dict(visitor.form) if fault else {},
            "fault": fault,
            "section": AT,
        }
        return HtmlPage("volunteer_own_unit.html", values, status if fault else 200)

    async def _add(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            unit = await own_unit(connection, visitor, self._environment)
            grids = {each.id for each in await places.every(connection, [unit.community], PlaceKind.grid)}
            new = read_listed(visitor.form, grids)
            if not isinstance(new, ListFault):
                rows = prepare(self._seal, [new])
                await enlist(connection, self._seal, unit, rows, visitor.access.account, visitor.now)
        if isinstance(new, ListFault):
            return await self._page(visitor, unit, FAULTS[new])
        return Redirect(f"{AT}/{unit.id}?added=1")

    async def _act(self, visitor: Visitor) -> HtmlPage | Redirect:
        action = Action(visitor.request.match_info["action"])
        async with visitor.database.write() as connection:
            unit = await own_unit(connection, visitor, self._environment)
            id_ = visitor.request.match_info["membership"]
            found = await pool.get(connection, id_, self._environment, lock=True)
            if found is None or found.unit != unit.id:
                raise web.HTTPNotFound
            result = await act(connection, found, action, By(Actor.unit, visitor.access.account), visitor.now)
        if isinstance(result, PoolProblem):
            return await self._page(visitor, unit, CHANGED, 409)
        if action is Action.print:
            return await self._slip(visitor, unit, found)
        return Redirect(f"{AT}/{unit.id}")

    async def _slip(self, visitor: Visitor, unit: Unit, found: Membership) -> HtmlPage:
        async with visitor.database.read() as connection:
            place = await places.get(connection, unit.community)
        assert place is not None
        try:
            return slip_page(self._seal, found, unit, place.names, self._address(), f"{AT}/{unit.id}", AT)
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._page(visitor, unit, BROKEN, 503)


async def own_units(connection: Connection, visitor: Visitor, environment: str) -> tuple[Unit, ...]:
    return await units.of_account(connection, visitor.access.account, visitor.tops, environment)


async def own_unit(connection: Connection, visitor: Visitor, environment: str) -> Unit:
    """Return the unit of the path. Raises HTTPNotFound unless the account acts for it."""
    for unit in await own_units(connection, visitor, environment):
        if unit.id == visitor.request.match_info["unit"]:
            return unit
    raise web.HTTPNotFound


def _rows(
    shown: Sequence[Membership], listed: Sequence[Listed]
) -> list[tuple[Membership, Listed, list[tuple[str, str]], bool]]:
    """Add to each membership the buttons that the unit has now, and whether it may print a slip."""
    found = []
    for membership, of in zip(shown, listed, strict=True):
        allowed = actions_of(MembershipState(membership.state), Actor.unit)
        buttons = [(each.value, ACTIONS[each]) for each in Action if each in allowed and each in ACTIONS]
        found.append((membership, of, buttons, Action.print in allowed))
    return found
