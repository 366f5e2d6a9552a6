"""`/bulletin`: what is on in the community, the code to take part, and the bell for staff. Only a touch opens it."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.kiosk.bulletin_board import BulletinBoard, picture_digest
from beacon_gateway.kiosk.responder import Responder, see_other
from beacon_gateway.kiosk.staff_bell import StaffBell
from kiosk_ui.bulletin_views import ActivityNotice, BellPage, BulletinPage, HelpNotice, HighlightNotice, JoinCodePage
from sync_contract.bulletin import Bulletin
from sync_contract.permit import OFFICIAL_TIME

log = structlog.get_logger()
_PICTURE = "/bulletin/pictures/"


@dataclass(frozen=True, slots=True)
class BulletinParts:
    """What the pages show. `server`: the URL that phones reach."""

    board: BulletinBoard
    bell: StaffBell
    server: str


class BulletinPages:
    """Without a valid bulletin every page leads to the first one."""

    def __init__(self, parts: BulletinParts, responder: Responder) -> None:
        self.board, self.bell, self.server = parts.board, parts.bell, parts.server
        self.responder = responder

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/bulletin", self._show),
            web.get("/bulletin/join", self._show_code),
            web.get("/bulletin/bell", self._show_bell),
            web.post("/bulletin/bell", self._ring),
            web.get(f"{_PICTURE}{{digest:[0-9a-f]{{64}}}}", self._picture),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        bulletin = self.board.current()
        if bulletin is None:
            return see_other("/")
        now = datetime.now(OFFICIAL_TIME)
        return self.responder.render_page(request, bulletin_view(bulletin, now))

    async def _show_code(self, request: web.Request) -> web.Response:
        bulletin = self.board.current()
        if bulletin is None:
            return see_other("/")
        url = f"{self.server.rstrip('/')}{bulletin.home}"
        return self.responder.render_page(request, JoinCodePage(url))

    async def _show_bell(self, request: web.Request) -> web.Response:
        if self.board.current() is None:
            return see_other("/")
        at = self.bell.rang_at if self.bell.rang_lately() else None
        rang = f"{at.astimezone(OFFICIAL_TIME):%H:%M}" if at is not None else ""
        return self.responder.render_page(request, BellPage(rang))

    async def _ring(self, request: web.Request) -> web.Response:
        """Answer 503 when the disk refuses: that page shows the telephone."""
        await self.responder.read_form(request)
        if self.board.current() is None:
            return see_other("/")
        try:
            await self.bell.ring()
        except StoreUnavailable as error:
            log.error("bell.not_recorded", reason=str(error))
            return self.responder.render_error(request, 503)
        return see_other("/bulletin/bell")

    async def _picture(self, request: web.Request) -> web.Response:
        content = self.board.picture(request.match_info["digest"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="image/jpeg")


def bulletin_view(bulletin: Bulletin, now: datetime) -> BulletinPage:
    """Return the page at a time. Activities that have ended are left out; help by day and grid."""
    today = now.astimezone(OFFICIAL_TIME).date()
    activities = []
    for each in sorted(bulletin.activities, key=lambda each: each.starts):
        starts, ends = (at.astimezone(OFFICIAL_TIME) for at in (each.starts, each.ends))
        if ends > now:
            hours = f"{starts:%H:%M}–{ends:%H:%M}"
            tomorrow, running = starts.date() > today, starts <= now
            activities.append(ActivityNotice(each.title, each.meeting, hours, tomorrow, running, each.free))
    waiting = sorted(bulletin.requests, key=lambda each: (each.wanted_on, each.grid))
    return BulletinPage(
        tuple(activities),
        tuple(HelpNotice(each.kind.value, each.grid, each.wanted_on) for each in waiting),
        tuple(
            HighlightNotice(each.text, each.day, f"{_PICTURE}{picture_digest(each.picture)}" if each.picture else "")
            for each in bulletin.highlights
        ),
    )
