"""Serve `/help` and `/privacy`. Nothing is counted or stored."""

from contextlib import suppress
from urllib.parse import quote

from aiohttp import web

from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.store.engine.database import Database, ValueRefused
from central_server.store.places import places
from kiosk_ui.back_link import back_path
from kiosk_ui.help_views import PhoneHelpPage, PhonePrivacyPage
from kiosk_ui.notice_views import NoticeKind, NoticePage


class HelpPages:
    """`keep_days`: how long donors' data stay after a receipt was issued."""

    def __init__(self, database: Database, responder: PageResponder, keep_days: int) -> None:
        self._database = database
        self._responder = responder
        self._keep_days = keep_days

    def routes(self) -> list[web.RouteDef]:
        """`?back=`: path of the page that linked here; the place: of that page."""
        return [
            web.get(f"/{page}{place}", self._show)
            for page in ("help", "privacy")
            for place in ("", "/{place:[^/]{1,64}}")
        ]

    async def _show(self, request: web.Request) -> web.Response:
        place = request.match_info.get("place", "")
        if place and not await self._known(place):
            return await self._responder.page(request, NoticePage(NoticeKind.not_found, back="/s"), 404)
        request[PLACE] = place
        back = back_path(request.query.get("back", ""), f"/s/at/{quote(place, safe='')}" if place else "/s")
        view = PhoneHelpPage(back) if request.path.startswith("/help") else PhonePrivacyPage(self._keep_days, back)
        return await self._responder.page(request, view)

    async def _known(self, place: str) -> bool:
        with suppress(ValueRefused):  # no valid id
            async with self._database.read() as connection:
                return await places.get(connection, place) is not None
        return False
