"""Serve the coming activities of a community as a calendar that phones subscribe to. It names no person."""

from collections.abc import Callable

from aiohttp import web

from central_server.language import language
from central_server.public.rate_limit import RateLimit
from sync_contract.strict_model import Language
from volunteering.people.membership import Membership
from volunteering.public.community import AT, community_path, find_community
from volunteering.rules.calendar_file import TYPE, CalendarEvent, calendar_file
from volunteering.store import activities
from volunteering.store.activities import ActivityState, ListedShift


class CalendarPages:
    """`address`: returns the origin that phones reach. `rate`, `burst`: each peer; all: a hundred times."""

    def __init__(
        self, membership: Membership, address: Callable[[], str], *, rate: float = 1.0, burst: int = 120
    ) -> None:
        self._membership = membership
        self._address = address
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{AT}/activities.ics", self._show)]

    async def _show(self, request: web.Request) -> web.Response:
        """Return the coming shifts, cancelled ones too."""
        self._limit.check(request)
        membership, reader = self._membership, language(request)
        async with membership.database.read() as connection:
            community = await find_community(connection, request)
            found = await activities.coming(connection, community.id, membership.environment.value, membership.clock())
        root = f"{self._address()}{community_path(community.id)}"
        events = [_event(each, reader, root) for each in found]
        return web.Response(body=calendar_file(community.names[reader], events), content_type=TYPE, charset="utf-8")


def _event(listed: ListedShift, reader: Language, root: str) -> CalendarEvent:
    activity, shift = listed.activity, listed.shift
    return CalendarEvent(
        shift.id,
        activity.made_at,
        shift.starts,
        shift.ends,
        activity.title[reader],
        activity.meeting[reader],
        "" if activity.about is None else activity.about[reader],
        f"{root}/shifts/{shift.id}",
        shift.state is ActivityState.cancelled,
    )
