"""`/help`, `/privacy`: what a resident may ask before giving by phone. Nothing is counted, nothing kept."""

from contextlib import suppress
from urllib.parse import quote

from aiohttp import web

from central_server.public.phone_pages.page_responder import HERE, Answer
from central_server.store.engine.database import Database, ValueRefused
from central_server.store.places import places
from kiosk_ui.back_link import back_path
from kiosk_ui.help_views import PhoneHelpPage, PhonePrivacyPage
from kiosk_ui.notice_views import NoticeKind, NoticePage


class HelpPages:
    """`keep_days`: so long what somebody wrote for a receipt stays after it was issued."""

    def __init__(self, database: Database, answer: Answer, keep_days: int) -> None:
        self._database = database
        self._answer = answer
        self._keep_days = keep_days

    def routes(self) -> list[web.RouteDef]:
        """`?back=`: the page on which somebody asked; the place: whose page that was."""
        return [
            web.get(f"/{page}{place}", self._show)
            for page in ("help", "privacy")
            for place in ("", "/{place:[^/]{1,64}}")
        ]

    async def _show(self, request: web.Request) -> web.Response:
        place = request.match_info.get("place", "")
        if place and not await self._known(place):
            return await self._answer.page(request, NoticePage(NoticeKind.not_found, back="/s"), 404)
        request[HERE] = place
        back = back_path(request.query.get("back", ""), f"/s/at/{quote(place, safe='')}" if place else "/s")
        view = PhoneHelpPage(back) if request.path.startswith("/help") else PhonePrivacyPage(self._keep_days, back)
        return await self._answer.page(request, view)

    async def _known(self, place: str) -> bool:
        with suppress(ValueRefused):  # a name that no place can have
            async with self._database.read() as connection:
                return await places.get(connection, place) is not None
        return False
