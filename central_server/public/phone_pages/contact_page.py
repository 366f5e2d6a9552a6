"""`/contact`, `/contact/<place>`: a number to call from the phone that one holds. Nothing is counted, nothing kept."""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from central_server.catalogue.contact_lookup import WhomToCall
from central_server.public.phone_pages.page_responder import HERE, Answer
from central_server.store.engine.database import Database, StoreUnavailable, ValueRefused
from central_server.store.places import places
from kiosk_ui.back_link import back_path
from kiosk_ui.help_views import ContactPage


class ContactPages:
    def __init__(self, database: Database, answer: Answer, call: WhomToCall) -> None:
        self._database = database
        self._answer = answer
        self._call = call

    def routes(self) -> list[web.RouteDef]:
        """`?back=`: the page on which somebody asked."""
        return [web.get("/contact", self._anywhere), web.get("/contact/{place:[^/]{1,64}}", self._at)]

    async def _anywhere(self, request: web.Request) -> web.Response:
        try:
            async with self._database.read() as connection:
                view = await self._call.anywhere(connection)
            await self._answer.look_up(request)  # whose page it is
        except StoreUnavailable:
            if not self._call.setting.phone:
                raise
            view = self._call.setting  # somebody to ask, just when nothing else works
        return self._page(request, view, "/s")

    async def _at(self, request: web.Request) -> web.Response:
        place = request.match_info["place"]
        view = None
        with suppress(ValueRefused):  # a name that no place can have
            async with self._database.read() as connection:
                if await places.get(connection, place) is not None:
                    view = await self._call.at(connection, place)
        if view is None:
            return self._page(request, ContactPage(), "/s", 404)
        request[HERE] = place
        await self._answer.look_up(request)
        return self._page(request, view, f"/s/at/{quote(place, safe='')}")

    def _page(self, request: web.Request, view: ContactPage, otherwise: str, status: int = 200) -> web.Response:
        back = back_path(request.query.get("back", ""), otherwise)
        return self._answer.plain(request, replace(view, back=back), status)
