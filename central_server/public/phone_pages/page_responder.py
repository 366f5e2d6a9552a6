"""How every page of phones answers: in the reader's language and size of text, in the name of the community that it
is about, with the way to whom one may call there, and never without a way on."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from central_server.catalogue.contact_lookup import WhomToCall
from central_server.catalogue.display_name import WhoseName
from central_server.language import language, remember
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from daemonkit.web import read_preference, set_preference
from kiosk_ui.display_preferences import DisplayPreferences, TextSize
from kiosk_ui.notice_views import NoticePage
from kiosk_ui.render import Pages
from kiosk_ui.views import View
from sync_contract.project import Texts

HERE = web.RequestKey("here", str)
"""The place that a request is about. Whoever learns it says so; until then it is about no place."""
_CONTACT = web.RequestKey("contact", str)
_NAME = web.RequestKey("name", Texts)
_TEXT_COOKIE = "text"
"""A session cookie that only a touch on 「大字」 sets."""
_NO_PICTURES: Mapping[str, str] = {}


class Answer:
    """`named`: whose name stands where it was not looked up is its setting."""

    def __init__(self, pages: Pages, database: Database, call: WhomToCall, named: WhoseName) -> None:
        self._pages = pages
        self._named = named
        self._database = database
        self._call = call

    async def page(
        self,
        request: web.Request,
        view: View,
        status: int = 200,
        *,
        csrf: str = "",
        pictures: Mapping[str, str] = _NO_PICTURES,
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
        pictures: Mapping[str, str] = _NO_PICTURES,
    ) -> web.Response:
        """As `page`, asking nobody: where it was not looked up whom to call, the way is to the server's own number."""
        contact = request.get(_CONTACT, contact_at(None) if self._call.setting.phone else "")
        here = _there(request)
        if isinstance(view, NoticePage) and not view.back:
            view = replace(view, back=f"/s/at{here}" if here else "/s")
        html = self._pages.render_page(
            view,
            language(request),
            csrf=csrf,
            path=request.path_qs,
            display=DisplayPreferences(_text_size(request)),
            pictures=pictures,
            contact=contact,
            site=request.get(_NAME, self._named.setting),
            place_path=here,
        )
        return _remember_size(
            request, remember(request, web.Response(status=status, text=html, content_type="text/html"))
        )

    async def look_up(self, request: web.Request) -> None:
        """For `plain`. Raises StoreUnavailable."""
        place = None if request.get(HERE) in ("", TOP) else request.get(HERE)
        async with self._database.read() as connection:
            said = await (self._call.at(connection, place) if place else self._call.anywhere(connection))
            request[_NAME] = await self._named.at(connection, place)
        request[_CONTACT] = contact_at(place) if said.phone else ""


def _there(request: web.Request) -> str:
    """The end of the path of pages that are of the same place; empty for none."""
    place = request.get(HERE, "")
    return "" if place in ("", TOP) else f"/{quote(place, safe='')}"


def contact_at(place: str | None) -> str:
    """The address of the page with the number, a path here."""
    return "/contact" if place is None else f"/contact/{quote(place, safe='')}"


def hall_at(community: str) -> str:
    """The path of the community's projects."""
    return f"/s/at/{quote(community, safe='')}"


def _text_size(request: web.Request) -> TextSize:
    asked = request.query.get("text") or read_preference(request, _TEXT_COOKIE)
    return TextSize(asked) if asked in list(TextSize) else TextSize.usual


def _remember_size(request: web.Request, response: web.Response) -> web.Response:
    if request.query.get("text") in list(TextSize):
        set_preference(request, response, _TEXT_COOKIE, request.query["text"])
    return response
