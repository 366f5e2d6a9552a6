"""Show the talent pool: one entry for each member, filters, views by unit, grid and post, and one entry's history.

A GET shows no name: names are on the answer of a form, whose look is recorded first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import VolunteersShown
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from volunteering.people.sealed_person import PersonSeal
from volunteering.pool.act_on_membership import By, PoolProblem, act
from volunteering.pool.enlist import Listed
from volunteering.pool.posts import post_list
from volunteering.pool.wording import ACTIONS, BROKEN, CHANGED, STATES
from volunteering.rules.pool_states import Action, Actor, MembershipState, actions_of
from volunteering.staff.slip_page import slip_page
from volunteering.store import pool, units
from volunteering.store.pool import PAGE, Membership, PoolFilter, PoolMember
from volunteering.store.units import Unit

_log = structlog.get_logger()
_AT = "/staff/volunteers/pool"
_ONE = _AT + "/{member:[0-9a-f]{32}}"
_ACT = _ONE + "/{membership:[0-9a-f]{32}}/{action:print|report|accept|refuse|claim|give_up|ask_leave|agree_leave}"
_NO_POST = _("This post is held already, or three posts are: give one up first.")
_PARTS = 21


@dataclass(frozen=True, slots=True)
class PoolLine:
    """`memberships`: each with the unit's names. `posts`: ids. `name`: "" unless it was asked for."""

    member: PoolMember
    memberships: Sequence[tuple[Membership, Texts]]
    posts: Sequence[str]
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What filters offer. `community`: the chosen one, None if the visitor has none."""

    community: Place | None
    communities: Sequence[Place]
    grids: Sequence[Place]
    units: Mapping[str, Unit]


class PoolPage:
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
        return [
            frame.page(_AT, self._show_list, Right.people),
            frame.form(f"{_AT}/names", self._show_names, Right.people),
            frame.page(f"{_AT}/views", self._show_views, Right.people),
            frame.page(_ONE, self._show, Right.people),
            frame.form(f"{_ONE}/name", self._show_name, Right.people),
            frame.form(_ACT, self._act, Right.people),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            around = await self._around(connection, visitor, visitor.request.query)
            lines, more = await self._lines(connection, around, visitor.request.query)
        return self._list(visitor.request.query, around, lines, more)

    async def _show_views(self, visitor: Visitor) -> HtmlPage:
        """Count the members by unit, residence and post: a page of its own, because it reads all of them."""
        async with visitor.database.read() as connection:
            around = await self._around(connection, visitor, visitor.request.query)
            if around.community is None:
                raise web.HTTPNotFound
            counted = await pool.count_by(connection, around.community.id, self._environment)
        values = {
            "around": around,
            "place": around.community.id,
            "views": counted,
            "posts": post_list(),
            "grid_names": {each.id: each.names for each in around.grids},
            "section": _AT,
        }
        return HtmlPage("volunteer_pool_views.html", values)

    async def _show_names(self, visitor: Visitor) -> HtmlPage:
        """Record the look, then show the names of this part of the list."""
        async with visitor.database.write() as connection:
            around = await self._around(connection, visitor, visitor.form)
            lines, more = await self._lines(connection, around, visitor.form)
            if around.community is not None:
                label = around.community.names[visitor.language]
                shown = VolunteersShown(around.community.id, label, len(lines))
                await visitor.record(connection, around.community.id, shown)
        try:
            named = [self._named(line) for line in lines]
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return self._list(visitor.form, around, lines, more, fault=BROKEN)
        return self._list(visitor.form, around, named, more)

    def _list(
        self,
        asked: Mapping[str, str],
        around: _Surroundings,
        lines: Sequence[PoolLine],
        more: str,
        fault: str = "",
    ) -> HtmlPage:
        community = "" if around.community is None else around.community.id
        chosen = {name: "" if value is None else f"{value}" for name, value in asdict(_filter(asked)).items()}
        query = {"place": community, **{name: value for name, value in chosen.items() if value}}
        values = {
            "lines": lines,
            "around": around,
            "place": community,
            "chosen": chosen,
            "filtered": any(chosen.values()),
            "after": asked.get("after", ""),
            "named": any(line.name for line in lines),
            "first": f"{_AT}?{urlencode(query)}" if asked.get("after") else "",
            "more": f"{_AT}?{urlencode(query | {'after': more})}" if more else "",
            "posts": post_list(),
            "states": STATES,
            "grid_names": {each.id: each.names for each in around.grids},
            "fault": fault,
            "section": _AT,
        }
        return HtmlPage("volunteer_pool.html", values, 503 if fault else 200)

    async def _around(self, connection: Connection, visitor: Visitor, asked: Mapping[str, str]) -> _Surroundings:
        communities = await places.every(connection, visitor.tops, PlaceKind.community)
        community = next((each for each in communities if each.id == asked.get("place", "")), None)
        if community is None and communities and not asked.get("place"):
            community = communities[0]
        if community is None:
            return _Surroundings(None, communities, (), {})
        grids = await places.every(connection, [community.id], PlaceKind.grid)
        found = await units.below(connection, [community.id], self._environment)
        return _Surroundings(community, communities, grids, {each.id: each for each in found})

    async def _lines(
        self, connection: Connection, around: _Surroundings, asked: Mapping[str, str]
    ) -> tuple[list[PoolLine], str]:
        """Return a part of the list, and the key after which the next one begins, "" at the end."""
        if around.community is None:
            return [], ""
        after = asked.get("after", "")[:32]
        found = await pool.page(connection, around.community.id, self._environment, _filter(asked), after)
        shown = found[:PAGE]
        lines = await self._load(connection, around.units, shown)
        return lines, shown[-1].id if len(found) > PAGE else ""

    async def _load(
        self, connection: Connection, known: Mapping[str, Unit], members: Sequence[PoolMember]
    ) -> list[PoolLine]:
        ids = [each.id for each in members]
        of = await pool.of_members(connection, ids)
        claimed = await pool.posts_of(connection, ids)
        return [
            PoolLine(
                each,
                [(one, known[one.unit].texts) for one in of.get(each.id, ()) if one.unit in known],
                list(dict.fromkeys(post for _, post in claimed.get(each.id, ()))),
            )
            for each in members
        ]

    def _named(self, line: PoolLine) -> PoolLine:
        """Raises SealBroken."""
        sealed = next((one for one, _ in reversed(line.memberships) if one.sealed), None)
        if sealed is None:
            return line
        listed = self._seal.open_membership(sealed.id, sealed.sealed, Listed)
        return PoolLine(line.member, line.memberships, line.posts, f"{listed.name} {listed.mobile}")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            line = await self._requested(connection, visitor)
            return await self._one(connection, line)

    async def _show_name(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.write() as connection:
            line = await self._requested(connection, visitor)
            await _record_look(connection, visitor, line)
            try:
                return await self._one(connection, self._named(line))
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
                return await self._one(connection, line, BROKEN, 503)

    async def _act(self, visitor: Visitor) -> HtmlPage | Redirect:
        action, post = Action(visitor.request.match_info["action"]), visitor.form.get("post", "")
        if action in (Action.claim, Action.give_up) and post not in post_list().posts:
            raise web.HTTPNotFound
        async with visitor.database.write() as connection:
            line = await self._requested(connection, visitor)
            id_ = visitor.request.match_info["membership"]
            found = await pool.get(connection, id_, self._environment, lock=True)
            if found is None or found.member != line.member.id:
                raise web.HTTPNotFound
            by = By(Actor.staff, visitor.access.account)
            result = await act(connection, found, action, by, visitor.now, post=post)
            if isinstance(result, PoolProblem):
                fault = CHANGED if result is PoolProblem.changed else _NO_POST
                return await self._one(connection, line, fault, 409)
            if action is Action.print:
                return await self._slip(connection, visitor, line, found)
        return Redirect(f"{_AT}/{line.member.id}")

    async def _slip(self, connection: Connection, visitor: Visitor, line: PoolLine, found: Membership) -> HtmlPage:
        """The slip shows a name: the look is recorded."""
        await _record_look(connection, visitor, line)
        unit, place = (
            await units.get(connection, found.unit, self._environment),
            await places.get(connection, found.community),
        )
        assert unit is not None
        assert place is not None
        back = f"{_AT}/{line.member.id}"
        try:
            return slip_page(self._seal, found, unit, place.names, self._address(), back, _AT)
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._one(connection, line, BROKEN, 503)

    async def _one(self, connection: Connection, line: PoolLine, fault: str = "", status: int = 200) -> HtmlPage:
        claimed = (await pool.posts_of(connection, [line.member.id])).get(line.member.id, [])
        skills = await pool.skills_of(connection, line.member.id)
        grid = await places.get(connection, line.member.grid) if line.member.grid else None
        rows = [
            (
                one,
                names,
                [(each.value, ACTIONS[each]) for each in Action if each in ACTIONS and each in _allowed(one)],
                [post for membership, post in claimed if membership == one.id],
                Action.claim in _allowed(one),
                Action.print in _allowed(one),
            )
            for one, names in line.memberships
        ]
        values = {
            "line": line,
            "rows": rows,
            "grid": grid,
            "skills": skills,
            "history": await pool.history(connection, [one.id for one, _ in line.memberships]),
            "unit_of": {one.id: names for one, names in line.memberships},
            "posts": post_list(),
            "states": STATES,
            "fault": fault,
            "section": _AT,
        }
        return HtmlPage("volunteer_pool_member.html", values, status)

    async def _requested(self, connection: Connection, visitor: Visitor) -> PoolLine:
        """Raises HTTPNotFound."""
        member = await pool.get_member(connection, visitor.request.match_info["member"], self._environment)
        if member is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, member.community)
        known = await units.below(connection, [member.community], self._environment)
        (line,) = await self._load(connection, {each.id: each for each in known}, [member])
        return line


async def _record_look(connection: Connection, visitor: Visitor, line: PoolLine) -> None:
    label = next((names[visitor.language] for _, names in line.memberships), "")
    await visitor.record(connection, line.member.community, VolunteersShown(line.member.id, label, 1))


def _allowed(one: Membership) -> frozenset[Action]:
    return actions_of(MembershipState(one.state), Actor.staff)


def _filter(asked: Mapping[str, str]) -> PoolFilter:
    """Ignore values that no filter offers."""
    known = post_list()
    part = asked.get("part", "")
    state, post, skill = asked.get("state", ""), asked.get("post", ""), asked.get("skill", "")
    return PoolFilter(
        asked.get("unit", "")[:32],
        asked.get("grid", "")[:64],
        post if post in known.posts else "",
        skill if skill in known.skills else "",
        state if state in list(MembershipState) else "",
        int(part) if part in map(str, range(_PARTS)) else None,
    )
