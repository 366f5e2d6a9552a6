"""Serve `/contact` and `/contact/<place>` with a number to call. Nothing is counted or stored."""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from central_server.catalogue.contact_lookup import ContactLookup
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.store.engine.database import Database, StoreUnavailable, ValueRefused
from central_server.store.places import places
from kiosk_ui.back_link import back_path
from kiosk_ui.help_views import ContactPage


class ContactPages:
    def __init__(self, database: Database, responder: PageResponder, contacts: ContactLookup) -> None:
        self._database = database
        self._responder = responder
        self._contacts = contacts

    def routes(self) -> list[web.RouteDef]:
        """`?back=`: path of the page that linked here."""
        return [web.get("/contact", self._anywhere), web.get("/contact/{place:[^/]{1,64}}", self._at)]

    async def _anywhere(self, request: web.Request) -> web.Response:
        try:
            async with self._database.read() as connection:
                view = await self._contacts.anywhere(connection)
            await self._responder.look_up(request)
        except StoreUnavailable:
            if not self._contacts.setting.phone:
                raise
            view = self._contacts.setting  # still show a number
        return self._page(request, view, "/s")

    async def _at(self, request: web.Request) -> web.Response:
        place = request.match_info["place"]
        view = None
        with suppress(ValueRefused):  # no valid id
            async with self._database.read() as connection:
                if await places.get(connection, place) is not None:
                    view = await self._contacts.at(connection, place)
        if view is None:
            return self._page(request, ContactPage(), "/s", 404)
        request[PLACE] = place
        await self._responder.look_up(request)
        return self._page(request, view, f"/s/at/{quote(place, safe='')}")

    def _page(self, request: web.Request, view: ContactPage, otherwise: str, status: int = 200) -> web.Response:
        back = back_path(request.query.get("back", ""), otherwise)
        return self._responder.plain(request, replace(view, back=back), status)
