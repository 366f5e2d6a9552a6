"""`/display`, POST `/next` and POST `/undo`: change a session's display and language, end it, restore it."""

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
    """End the session with its gift, language and id; open a new one. The field `declined` allows undoing it."""

    async def post(request: web.Request) -> web.StreamResponse:
        form = await responder.read_form(request)
        session = request[SESSION]
        if "declined" in form and session.gift is not None:
            request[SESSION] = sessions.decline(session)
        else:
            sessions.drop(session)
            request[SESSION] = sessions.open()
        return see_other("/")

    return post


def undo_decline(responder: Responder, sessions: Sessions) -> Handler:
    """POST: show the code again that was declined; nothing new is registered."""

    async def post(request: web.Request) -> web.StreamResponse:
        await responder.read_form(request)
        restored = sessions.undo_decline(request[SESSION])
        if restored is None:
            return see_other("/")
        request[SESSION] = restored
        return see_other("/handoff")

    return post
