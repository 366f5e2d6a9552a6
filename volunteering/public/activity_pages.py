"""Serve the phone pages that show a community's activities. A GET changes nothing."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder, hall_path
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.strict_model import Environment, Language
from volunteering.public.views import ActivityLine, ActivityPage, CommunityPage
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import activities
from volunteering.store.activities import ListedShift

_AT = "/community/{place:[^/]{1,64}}"


class ActivityPages:
    def __init__(
        self, database: Database, environment: Environment, responder: PageResponder, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._environment = environment.value
        self._responder = responder
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/community", self._home),
            web.get(_AT, self._show_list),
            web.get(f"{_AT}/shifts/{{shift:[0-9a-f]{{32}}}}", self._show_shift),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        """Lead to the only community; without one, or with several, to the projects."""
        async with self._database.read() as connection:
            only = await places.only_community(connection)
        raise web.HTTPSeeOther("/s" if only is None else community_path(only))

    async def _show_list(self, request: web.Request) -> web.Response:
        reader = language(request)
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            found = await activities.coming(connection, community.id, self._environment, self._clock())
        lines = tuple(line_of(each, reader) for each in found)
        view = CommunityPage(community.names, lines, hall_path(community.id))
        return await self._responder.page(request, view)

    async def _show_shift(self, request: web.Request) -> web.Response:
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            shift = request.match_info["shift"]
            found = await activities.get_shift(connection, community.id, self._environment, shift)
        if found is None:
            raise web.HTTPNotFound
        view = ActivityPage(line_of(found, language(request)), community_path(community.id))
        return await self._responder.page(request, view)


async def find_community(connection: Connection, request: web.Request) -> Place:
    """Return the community of the path, and give the page its name and contact. Raises HTTPNotFound."""
    found = await places.get(connection, request.match_info["place"])
    if found is None or found.kind is not PlaceKind.community:
        raise web.HTTPNotFound
    request[PLACE] = found.id
    return found


def community_path(community: str) -> str:
    return f"/community/{quote(community, safe='')}"


def line_of(listed: ListedShift, reader: Language) -> ActivityLine:
    activity, shift = listed.activity, listed.shift
    return ActivityLine(
        path=f"{community_path(shift.community)}/shifts/{shift.id}",
        title=activity.title[reader],
        about=activity.about[reader] if activity.about else "",
        meeting=activity.meeting[reader],
        day=shift_day(shift.times, reader),
        hours=shift_hours(shift.times, reader),
        seats=shift.seats,
    )
