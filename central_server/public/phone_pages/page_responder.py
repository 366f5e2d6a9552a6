"""Render the pages of phones: in the reader's language and text size, with the name and contact of their community."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.display_name import NameLookup
from central_server.language import language, remember
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from daemonkit.web import read_preference, set_preference
from kiosk_ui.assets import Photograph
from kiosk_ui.display_preferences import DisplayPreferences, TextSize
from kiosk_ui.notice_views import NoticePage
from kiosk_ui.render import Pages
from kiosk_ui.views import View
from sync_contract.project import Texts

PLACE = web.RequestKey("place", str)
"""The place that a request is about, set by the handler that knows it."""
_CONTACT = web.RequestKey("contact", str)
_NAME = web.RequestKey("name", Texts)
_TEXT_COOKIE = "text"
"""A session cookie that only a touch on 「大字」 sets."""
_NO_PICTURES: Mapping[str, Photograph] = {}


class PageResponder:
    def __init__(self, pages: Pages, database: Database, contacts: ContactLookup, names: NameLookup) -> None:
        self._pages = pages
        self._names = names
        self._database = database
        self._contacts = contacts

    async def page(
        self,
        request: web.Request,
        view: View,
        status: int = 200,
        *,
        csrf: str = "",
        pictures: Mapping[str, Photograph] = _NO_PICTURES,
    ) -> web.Response:
        """Raises StoreUnavailable."""
        await self.look_up(request)
        return self.plain(request, view, status, csrf=csrf, pictures=pictures)

    def plain(
        self,
        request: web.Request,
        view: View,
        status: int = 200,
        *,
        csrf: str = "",
        pictures: Mapping[str, Photograph] = _NO_PICTURES,
    ) -> web.Response:
        """Render without the database. Before `look_up`, link to the server's own contact."""
        contact = request.get(_CONTACT, contact_path(None) if self._contacts.setting.phone else "")
        place_path = _place_path(request)
        if isinstance(view, NoticePage) and not view.back:
            view = replace(view, back=f"/s/at{place_path}" if place_path else "/s")
        html = self._pages.render_page(
            view,
            language(request),
            csrf=csrf,
            path=request.path_qs,
            display=DisplayPreferences(_text_size(request)),
            pictures=pictures,
            contact=contact,
            site=request.get(_NAME, self._names.setting),
            place_path=place_path,
        )
        return _remember_size(
            request, remember(request, web.Response(status=status, text=html, content_type="text/html"))
        )

    async def look_up(self, request: web.Request) -> None:
        """Look up contact and name for `plain`. Raises StoreUnavailable."""
        place = None if request.get(PLACE) in ("", TOP) else request.get(PLACE)
        async with self._database.read() as connection:
            contact = await (self._contacts.at(connection, place) if place else self._contacts.anywhere(connection))
            request[_NAME] = await self._names.at(connection, place)
        request[_CONTACT] = contact_path(place) if contact.phone else ""


def _place_path(request: web.Request) -> str:
    """Return the end of the paths of pages about the same place; empty for none."""
    place = request.get(PLACE, "")
    return "" if place in ("", TOP) else f"/{quote(place, safe='')}"


def contact_path(place: str | None) -> str:
    """Return the path of the contact page."""
    return "/contact" if place is None else f"/contact/{quote(place, safe='')}"


def hall_path(community: str) -> str:
    """Return the path of the community's projects."""
    return f"/s/at/{quote(community, safe='')}"


def _text_size(request: web.Request) -> TextSize:
    asked = request.query.get("text") or read_preference(request, _TEXT_COOKIE)
    return TextSize(asked) if asked in list(TextSize) else TextSize.usual


def _remember_size(request: web.Request, response: web.Response) -> web.Response:
    if request.query.get("text") in list(TextSize):
        set_preference(request, response, _TEXT_COOKIE, request.query["text"])
    return response
