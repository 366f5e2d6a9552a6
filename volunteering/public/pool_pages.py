"""Serve a member's page of the talent pool: report with the slip, claim posts, leave. A GET changes nothing."""

from functools import partial

from aiohttp import web
from multidict import MultiDict

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.strict_model import Language
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership as Members
from volunteering.pool.act_on_membership import By, PoolProblem, act, link_person
from volunteering.pool.posts import post_list
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import form_token, read_member_form
from volunteering.public.pool_views import Choice, MembershipLine, PoolPage
from volunteering.rules.pool_states import OVER, Action, Actor, MembershipState, actions_of
from volunteering.store import pool, units
from volunteering.store.people import Person
from volunteering.store.pool import Membership, PoolMember

_OTHER = "other"


class PoolPages:
    def __init__(self, members: Members, responder: PageResponder, *, rate: float = 0.5, burst: int = 60) -> None:
        self._members = members
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        one = f"{AT}/me/pool/{{membership:[0-9a-f]{{32}}}}"
        return [
            web.get(f"{AT}/me/pool", self._show),
            web.get(one, self._show),
            web.post(f"{AT}/me/pool", self._save),
            web.post(f"{one}/{{action:print|report|decline|claim|give_up|ask_leave|stay}}", self._act),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        """With a membership, as the code of a slip leads: say if the slip has another number."""
        community = await self._community(request)
        person = await self._members.find(read_token(request), community.id)
        root = community_path(community.id)
        slip = request.match_info.get("membership", "")
        if person is None:
            raise web.HTTPSeeOther(f"{root}/join?next={root}/me/pool{f'/{slip}' if slip else ''}")
        return await self._page(request, person, slip=slip, saved="saved" in request.query)

    async def _page(
        self, request: web.Request, person: Person, problem: str = "", *, slip: str = "", saved: bool = False
    ) -> web.Response:
        reader = language(request)
        async with self._members.database.read() as connection:
            member = await _member_of(connection, person)
            lines = await _lines(connection, member, reader) if member else ()
            skills = await pool.skills_of(connection, member.id) if member else frozenset()
            grids = await places.every(connection, [person.community], PlaceKind.grid)
        if slip and slip not in {line.id for line in lines}:
            problem = _OTHER
        known = post_list()
        posts = (
            Choice(each.id, each.names[reader], note=" · ".join(known.kinds[kind][reader] for kind in each.kinds))
            for each in known.posts.values()
        )
        view = PoolPage(
            community_path(person.community),
            lines,
            tuple(posts),
            tuple(Choice(each.id, each.names[reader], member is not None and member.grid == each.id) for each in grids),
            tuple(Choice(id_, names[reader], id_ in skills) for id_, names in known.skills.items()),
            problem,
            saved,
        )
        return await self._responder.page(request, view, csrf=form_token(request), status=409 if problem else 200)

    async def _save(self, request: web.Request) -> web.Response:
        """Save the grid of residence and the skills."""
        community, person, form = await self._member(request)
        await self._members.database.written(partial(_save, person=person, form=form))
        raise web.HTTPSeeOther(f"{community_path(community.id)}/me/pool?saved=1")

    async def _act(self, request: web.Request) -> web.Response:
        community, person, form = await self._member(request)
        action, post = Action(request.match_info["action"]), form.get("post", "")
        if action in (Action.claim, Action.give_up) and post not in post_list().posts:
            raise web.HTTPNotFound
        id_, now = request.match_info["membership"], self._members.clock()

        async def work(connection: Connection) -> MembershipState | PoolProblem:
            member = await _member_of(connection, person)
            found = await pool.get(connection, id_, person.environment, lock=True)
            if member is None or found is None or found.member != member.id:
                raise web.HTTPNotFound
            result = await act(connection, found, action, By(Actor.member, person.id), now, post=post)
            if result is MembershipState.reported:
                await link_person(connection, found, person)
            return result

        result = await self._members.database.written(work)
        if isinstance(result, PoolProblem):
            return await self._page(request, person, result.value)
        raise web.HTTPSeeOther(f"{community_path(community.id)}/me/pool")

    async def _member(self, request: web.Request) -> tuple[Place, Person, MultiDict[str]]:
        self._limit.check(request)
        community = await self._community(request)
        person, form = await read_member_form(request, self._members, community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{community_path(community.id)}/join")
        return community, person, form

    async def _community(self, request: web.Request) -> Place:
        async with self._members.database.read() as connection:
            return await find_community(connection, request)


async def _member_of(connection: Connection, person: Person) -> PoolMember | None:
    if person.number_hash is None:
        return None
    return await pool.member_of(connection, person.community, person.environment, person.number_hash)


async def _save(connection: Connection, *, person: Person, form: MultiDict[str]) -> None:
    """Raises HTTPNotFound for a person who is not in the pool, and for values that the page cannot send."""
    member = await _member_of(connection, person)
    grids = {each.id for each in await places.every(connection, [person.community], PlaceKind.grid)}
    grid = form.get("grid", "")
    if member is None or (grid and grid not in grids):
        raise web.HTTPNotFound
    await pool.set_profile(connection, member, grid, [each for each in post_list().skills if f"skill_{each}" in form])


async def _lines(connection: Connection, member: PoolMember, reader: Language) -> tuple[MembershipLine, ...]:
    found = (await pool.of_members(connection, [member.id])).get(member.id, [])
    claimed = (await pool.posts_of(connection, [member.id])).get(member.id, [])
    known = {each.id: each for each in await units.below(connection, [member.community], member.environment)}
    return tuple(
        _line(each, known[each.unit].texts[reader], [post for of, post in claimed if of == each.id], reader)
        for each in found
        if each.state not in OVER and each.unit in known
    )


def _line(found: Membership, unit: str, claimed: list[str], reader: Language) -> MembershipLine:
    actions = actions_of(MembershipState(found.state), Actor.member)
    posts = tuple(Choice(post, post_list().posts[post].names[reader]) for post in claimed if post in post_list().posts)
    return MembershipLine(found.id, unit, found.state, frozenset(each.value for each in actions), posts)
