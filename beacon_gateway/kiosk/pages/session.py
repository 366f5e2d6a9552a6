"""`/display` and POST `/next`: change a session's display and language, and end it."""

from dataclasses import replace
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.kiosk.responder import SESSION, Responder, see_other
from beacon_gateway.kiosk.sessions import Sessions
from kiosk_ui.back_link import back_path
from kiosk_ui.display_preferences import TextSize, Theme
from kiosk_ui.help_views import DisplayPage
from sync_contract.strict_model import Language


def display_page(responder: Responder) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        view = DisplayPage(request[SESSION].display, back_path(request.query.get("back", "/")))
        return responder.render_page(request, view)

    return get


def change_display(responder: Responder) -> Handler:
    """POST: language, text size, colours, reading aloud. Redirects only to paths on this server.

    A display choice returns to its own page, where its effect is visible.
    """

    async def post(request: web.Request) -> web.StreamResponse:
        form = await responder.read_form(request)
        session, back = request[SESSION], back_path(form.get("back", "/"))
        if form.get("language") in list(Language):
            session.language = Language(form["language"])
            return see_other(back)
        if form.get("text") in list(TextSize):
            session.display = replace(session.display, text=TextSize(form["text"]))
        if form.get("theme") in list(Theme):
            session.display = replace(session.display, theme=Theme(form["theme"]))
        if form.get("aloud") in ("yes", "no"):
            session.display = replace(session.display, aloud=form["aloud"] == "yes")
        return see_other(f"/display?back={quote(back)}")

    return post


def next_person(responder: Responder, sessions: Sessions) -> Handler:
    """End the session with its gift, language and id; open a new one."""

    async def post(request: web.Request) -> web.StreamResponse:
        await responder.read_form(request)
        sessions.drop(request[SESSION])
        request[SESSION] = sessions.open()
        return see_other("/")

    return post
